/**
 * A program for the namespaces in which packets are tried. It keeps its namespace alive for as long as its standard input is open,
 * and is told what to do there, a line at a time. Node itself can neither enter a namespace nor send raw packets; of Perl, what
 * every Debian has (perl-base) is enough, and of that as little as can be: to load it is most of what a helper costs. All is in one process, side by side, and nothing waits: `sync` answers when nothing is
 * left to be read.
 *
 * It prints what happens: `T` a packet that was seen, with its addresses, ports and, if it is one of ours, the number of its test;
 * `A` a datagram or connection that reached its listener; `D` a connection that was made and answered; `C` a canary; `G` how many addresses
 * are not there yet; `N` a neighbour, as `ip` lists it; `S` an answer to sync; `E` what went wrong.
 */
export const HELPER_PROGRAM = String.raw`
use strict; use warnings; no warnings 'once';
use Socket qw(AF_INET AF_INET6 SOCK_STREAM SOCK_DGRAM SOCK_RAW SOL_SOCKET SO_REUSEADDR inet_pton inet_ntop sockaddr_family
  pack_sockaddr_in pack_sockaddr_in6 unpack_sockaddr_in unpack_sockaddr_in6);
sub EAGAIN() { 11 } sub MARK() { 0x66 }
$| = 1; $SIG{PIPE} = 'IGNORE';
my $vec = ''; my %on; my %flow; my %listening; my $canary; my $role = 'host';
my $input = ''; my @batch; my %owner; my @calls;
sub out { print join(' ', @_), "\n" }
# What out returns is true, and would be taken for a socket.
sub failed { out('E', @_); return undef }
sub watch { my ($fh, $do) = @_; vec($vec, fileno($fh), 1) = 1; $on{fileno $fh} = [$fh, $do] }
# Of what is closed there is no number, which would be taken for 0: standard input, by whose end the program knows its own.
sub unwatch { my $fd = fileno($_[0]); return unless defined $fd; vec($vec, $fd, 1) = 0; delete $on{$fd} }
sub nonblocking { fcntl($_[0], 4, 2048) }
sub address { my ($v, $addr, $port) = @_;
  return $v == 4 ? pack_sockaddr_in($port, inet_pton(AF_INET, $addr)) : pack_sockaddr_in6($port, inet_pton(AF_INET6, $addr)) }
sub family { $_[0] == 4 ? AF_INET : AF_INET6 }
sub named { my ($sa) = @_; return ('-', 0) unless defined $sa && length $sa;
  my $f = sockaddr_family($sa);
  my ($port, $a) = $f == AF_INET ? unpack_sockaddr_in($sa) : unpack_sockaddr_in6($sa);
  return (inet_ntop($f, $a), $port) }
sub opened { my ($v, $type, $proto) = @_; socket(my $fh, family($v), $type, $proto) or return undef;
  nonblocking($fh); setsockopt($fh, SOL_SOCKET, SO_REUSEADDR, 1);
  if ($v == 6) { setsockopt($fh, 41, 26, 1); setsockopt($fh, 41, 78, 1) } else { setsockopt($fh, 0, 15, 1) }
  return $fh }
sub tagged { my ($data) = @_; return $data =~ /fw!(\d{1,6}):(\d{1,6});/ ? ($1, $2) : ('-', '-') }
# What is seen of a packet from its transport header on; of an error, also what it is about.
sub transport { my ($v, $proto, $data) = @_;
  if ($proto == 6 && length $data >= 14) {
    my ($s, $d, $seq, undef, undef, $flags) = unpack 'nnNNCC', $data; my $off = (unpack('x12C', $data) >> 4) * 4;
    my @tag = ($flags & 18) == 2 && $seq >> 24 == MARK ? ($seq & 0xffffff, 0) : tagged(substr($data, $off < length $data ? $off : length $data));
    return ('tcp', $s, $d, $flags, @tag) }
  if ($proto == 17 && length $data >= 8) { my ($s, $d) = unpack 'nn', $data; return ('udp', $s, $d, 0, tagged(substr $data, 8)) }
  if (($proto == 1 || $proto == 58) && length $data >= 8) {
    my ($type, $code) = unpack 'CC', $data; my $isError = $v == 4 ? ($type == 3 || $type == 11) : $type < 128;
    my @inner = $isError ? network($v, substr $data, 8) : ();
    return ('icmp', $type, $code, 0, @inner && $inner[2] ne 'other' ? ('-', '-', @inner) : tagged(substr $data, 4)) }
  return ('other', 0, 0, 0, '-', '-') }
# Source, destination, and the transport, of a packet from its network header on.
sub network { my ($v, $data) = @_;
  if ($v == 4) { return () if length $data < 20; my $off = (unpack('C', $data) & 15) * 4;
    return (inet_ntop(AF_INET, substr $data, 12, 4), inet_ntop(AF_INET, substr $data, 16, 4),
      transport(4, unpack('x9C', $data), substr $data, $off)) }
  return () if length $data < 40;
  return (inet_ntop(AF_INET6, substr $data, 8, 16), inet_ntop(AF_INET6, substr $data, 24, 16),
    transport(6, unpack('x6C', $data), substr $data, 40)) }
# On a neighbour: every frame that comes in. On the host: canaries.
sub sniff { socket(my $fh, 17, SOCK_DGRAM, 0x0300) or return out('E', 'packet', $!);
  nonblocking($fh); setsockopt($fh, SOL_SOCKET, 33, 4194304); $canary = $fh;
  watch($fh, sub { while (defined(my $from = recv $fh, my $data, 2048, 0)) {
    my (undef, $proto, $if, undef, $kind) = unpack 'SnlSC', $from; next if $kind == 4;
    if ($proto == 0x88b5) { out('C', $if, $data =~ /^(\d+);/ ? $1 : '-'); next }
    next if $role eq 'host'; my $v = $proto == 0x0800 ? 4 : $proto == 0x86dd ? 6 : next;
    my @seen = network($v, $data); out('T', $v, @seen) if @seen } }) }
# On the host: what has come through its INPUT chains.
sub raw { for my $each ([4, 6], [4, 17], [4, 1], [6, 6], [6, 17], [6, 58]) { my ($v, $proto) = @$each;
  my $fh = opened($v, SOCK_RAW, $proto) or ($v == 6 ? next : return out('E', 'raw', $!));
  setsockopt($fh, SOL_SOCKET, 33, 4194304);
  watch($fh, sub { while (defined(my $from = recv $fh, my $data, 2048, 0)) {
    my @seen = $v == 4 ? network(4, $data) : ((named($from))[0], '-', transport(6, $proto, $data));
    out('T', $v, @seen) if @seen } }) } }
sub listen_tcp { my ($v, $addr, $port) = @_; return if $listening{"tcp $addr $port"}++;
  my $fh = opened($v, SOCK_STREAM, 6); bind($fh, address($v, $addr, $port)) && listen($fh, 1024) or return out('E', 'listen', $addr, $port, $!);
  watch($fh, sub { while (accept(my $c, $fh)) { nonblocking($c); my @at = named(getsockname $c);
    watch($c, sub { my $n = sysread $c, my $data, 512;
      if (!defined $n) { return if $! == EAGAIN; unwatch($c); close $c; return }
      if ($n == 0) { unwatch($c); close $c; return }
      my ($test, $round) = tagged($data); out('A', 'tcp', $test, $round, @at); syswrite $c, 'ok' }) } }) }
sub listen_udp { my ($v, $addr, $port) = @_; return if $listening{"udp $addr $port"}++;
  my $fh = opened($v, SOCK_DGRAM, 17); bind($fh, address($v, $addr, $port)) or return out('E', 'listen', $addr, $port, $!);
  watch($fh, sub { while (defined(my $from = recv $fh, my $data, 512, 0)) {
    my ($test, $round) = tagged($data); out('A', 'udp', $test, $round, $addr, $port);
    send $fh, 'ok', 0, $from if $data =~ /answer/ } }) }
# A socket belongs to who has it made. Rights for the network stay.
sub become { my ($uid, $gid) = @_; for my $each ([$calls[3], $gid], [$calls[2], $uid]) { my ($call, $id) = @$each;
    next if $id eq '-'; return 0 unless defined $call; syscall($call, $id + 0); return 0 if syscall($call, -1) != $id } return 1 }
# Who was another one is hidden from those without CAP_SYS_PTRACE, and nobody could enter its namespace: PR_SET_DUMPABLE takes that back.
sub release { become($>, $) + 0); syscall($calls[4], 4, 1, 0, 0, 0) if defined $calls[4] }
# The first packet of a connection carries nothing, and NAT may change its ports: it is known by its sequence number, which can be chosen while the
# socket is in repair (TCP_REPAIR, TCP_SEND_QUEUE, TCP_QUEUE_SEQ). That takes SO_REUSEADDR away.
sub numbered { my ($fh, $test) = @_; return setsockopt($fh, 6, 19, 1) && setsockopt($fh, 6, 20, 2) && setsockopt($fh, 6, 21, pack 'L', MARK << 24 | $test)
  && setsockopt($fh, 6, 19, 0) && setsockopt($fh, SOL_SOCKET, SO_REUSEADDR, 1) }
sub sender { my ($test, $v, $type, $proto, $from, $sport) = @_; my $may = become(@{ $owner{$test} // ['-', '-'] });
  my $fh = $may && opened($v, $type, $proto); my $why = $!; release() if $owner{$test}; $fh or return failed('socket', $test, $why);
  $type != SOCK_STREAM || numbered($fh, $test) or return failed('socket', $test, $!);
  my $any = $v == 4 ? '0.0.0.0' : '::'; bind($fh, address($v, $from eq '-' ? $any : $from, $sport)) or return failed('bind', $test, $!);
  $flow{$test} = $fh; return $fh }
sub connect_tcp { my ($test, $round, $v, $from, $sport, $to, $port) = @_;
  my $fh = sender($test, $v, SOCK_STREAM, 6, $from, $sport) or return;
  connect($fh, address($v, $to, $port)); my $said = 0;
  # Written to when it is connected, which is seen by a peer; read from when the answer is there.
  my $step = sub { if (!$said && defined getpeername $fh) { $said = 1; syswrite $fh, "fw!$test:$round;" }
    return unless $said; my $n = sysread $fh, my $data, 16;
    if (defined $n && $n > 0) { out('D', $test, $round) } elsif (defined $n || $! != EAGAIN) { unwatch($fh) } };
  $on{"c$test"} = $step; watch($fh, sub { $step->(); unwatch($fh) if !$said }) }
sub icmp { my ($test, $round, $v, $from, $to, $type, $code, $id) = @_;
  my $fh = $flow{$test} // sender($test, $v, SOCK_RAW, $v == 4 ? 1 : 58, $from, 0) or return;
  my $body = pack('CCnnn', $type, $code, 0, $id, $round) . "fw!$test:$round;";
  if ($v == 4) { my $sum = 0; $sum += $_ for unpack 'n*', length($body) % 2 ? "$body\0" : $body;
    $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16; substr($body, 2, 2) = pack 'n', ~$sum & 0xffff }
  defined send($fh, $body, 0, address($v, $to, 0)) or out('F', $test, $round, $!) }
sub udp { my ($test, $round, $v, $from, $sport, $to, $port, $word) = @_;
  my $fh = $flow{$test} // sender($test, $v, SOCK_DGRAM, 17, $from, $sport) or return;
  defined send($fh, "fw!$test:$round;$word", 0, address($v, $to, $port)) or out('F', $test, $round, $!) }
# Ends connections that are not made yet, without a word.
sub hush { for my $test (keys %flow) { next unless $on{"c$test"} && !defined getpeername $flow{$test};
  unwatch($flow{$test}); delete $on{"c$test"}; close delete $flow{$test} } }
sub settle { my $left = 1000; while ($left-- > 0) { my $some = 0;
    for my $key (grep { /^c/ } keys %on) { $on{$key}->() }
    my $ready = $vec; vec($ready, 0, 1) = 0; my $n = select($ready, undef, undef, 0);
    last if !defined $n || $n <= 0;
    for my $fd (keys %on) { next if $fd =~ /^c/; next unless vec($ready, $fd, 1) && $on{$fd}; $on{$fd}[1]->(); $some = 1 } last unless $some } }
# On one processor the packets of all helpers are taken in the order in which they were sent.
sub pin { my ($which, $machine) = @_; my ($get, $set) = @calls = @{ { x64 => [204, 203, 122, 123, 157], arm64 => [123, 122, 151, 152, 167],
    riscv64 => [123, 122, 151, 152, 167], ppc64 => [223, 222, 138, 139, 171], s390x => [240, 239, 215, 216, 172] }->{$machine} // return };
  my $mask = "\0" x 128; my $n = syscall($get, 0, 128, $mask); return if $n <= 0;
  my @allowed = grep { vec($mask, $_, 1) } 0 .. $n * 8 - 1; return unless @allowed;
  my $own = "\0" x 128; vec($own, $allowed[$which % @allowed], 1) = 1; syscall($set, 0, 128, $own) }
# Commands of ip, which it would take Node several times as long to start. One that fails does not keep the next from being run.
sub batch { my ($ip) = @_;
  for my $family (['- ', '-4 '], ['-6 ']) { my @own; for my $of (@$family) { push @own, map { substr $_, 2 + ($of ne '- ') } grep { index($_, $of) == 0 } @batch }
    next unless @own; my $pid = open(my $fh, '|-'); return out('E', 'ip', $!) unless defined $pid;
    if (!$pid) { open STDOUT, '>', '/dev/null'; open STDERR, '>', '/dev/null';
      exec($ip, ($family->[0] eq '-6 ' ? '-6' : ()), '-force', '-batch', '-') or exit 127 }
    print $fh "$_\n" for @own; close $fh } @batch = () }
sub neighbours { my ($ip) = @_; open(my $fh, '-|', $ip, '-6', 'neigh', 'show') or return out('E', 'ip', $!);
  while (my $line = <$fh>) { chomp $line; out('N', $line) } close $fh }
# How many addresses of IPv6 take no packets yet, of links of which that is asked: a link gets its own one late, and each address its group and, last,
# its route (RTF_LOCAL) when a worker of the kernel comes to it.
sub absent { my %asked = map { $_ => 1 } 1, @_; my %own; my %local; my $count = 0;
  if (open my $fh, '<', '/proc/net/ipv6_route') { while (my $line = <$fh>) { my @of = split ' ', $line; $local{$of[0]} = 1 if hex($of[8]) & 0x80000000 } close $fh }
  if (open my $fh, '<', '/proc/net/if_inet6') { while (my $line = <$fh>) { my ($addr, $if) = split ' ', $line; $if = hex $if; next unless $asked{$if};
    $own{$if} = 1 if $addr =~ /^fe80/; $count++ unless $local{$addr} } close $fh }
  out('G', $count + grep { !$own{$_} } @_) }
sub command { my ($do, @args) = @_;
  if ($do eq 'role') { $role = $args[0]; sniff(); raw() if $role eq 'host' }
  elsif ($do eq 'cpu') { pin(@args) }
  elsif ($do eq 'set') { my ($path, @value) = @args; if (open my $fh, '>', "/proc/sys/net/$path") { syswrite($fh, "@value\n") // out('E', 'set', $path, $!); close $fh } else { out('E', 'set', $path, $!) } }
  elsif ($do eq 'ip') { push @batch, "@args" }
  elsif ($do eq 'batch') { batch($args[0]) }
  elsif ($do eq 'absent') { absent(@args) }
  elsif ($do eq 'neighbours') { neighbours($args[0]) }
  elsif ($do eq 'tcp-listen') { listen_tcp(@args) }
  elsif ($do eq 'udp-listen') { listen_udp(@args) }
  elsif ($do eq 'owner') { my ($test, @ids) = @args; $owner{$test} = [@ids] }
  elsif ($do eq 'tcp') { connect_tcp(@args) }
  elsif ($do eq 'udp') { udp(@args) }
  elsif ($do eq 'icmp') { icmp(@args) }
  elsif ($do eq 'more') { my ($test, $round) = @args; my $fh = $flow{$test}; defined($fh && syswrite $fh, "fw!$test:$round;") or out('F', $test, $round, $!) ;
    watch($fh, $on{"c$test"}) if $fh && $on{"c$test"} }
  elsif ($do eq 'hush') { hush() }
  elsif ($do eq 'canary') { my ($number, @ifs) = @args; for my $if (@ifs) {
    send($canary, "$number;", 0, pack('SnlSCCa8', 17, 0x88b5, $if, 0, 0, 6, "\xff" x 6)) // out('E', 'canary', $if, $!) } }
  elsif ($do eq 'sync') { settle(); out('S', @args) } }
watch(*STDIN, sub { my $n = sysread STDIN, $input, 65536, length $input; exit 0 if defined $n && $n == 0;
  while ($input =~ s/^([^\n]*)\n//) { command(split / /, $1) } });
out('S', 'ready');
while (1) { my $ready = $vec; my $n = select($ready, undef, undef, undef); next if $n < 0;
  for my $fd (keys %on) { next if $fd =~ /^c/; $on{$fd}[1]->() if vec($ready, $fd, 1) && $on{$fd} }
  for my $key (grep { /^c/ } keys %on) { $on{$key}->() if $on{$key} } }
`;
