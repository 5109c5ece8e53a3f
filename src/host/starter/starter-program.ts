/**
 * A program that takes a lock and starts programs, as it is told on its standard input: to start one from a process as large as a
 * worker takes as long as the kernel needs to copy its page tables, while the worker stands still. Of Perl, it needs nothing but itself,
 * which every Debian has (perl-base). To load strict and warnings takes longer than all the rest, so only its test does that.
 *
 * Descriptor 3 is the lock's. A request is a line with its number and the sizes of two parts, then these: the first has, each ended by a zero byte,
 * whether the program gets the lock (1 or 0), how many assignments come, these, the program and its arguments; the second what the program reads (a size of
 * -1: nothing). An answer is a line with the number, a letter and a size, then a text of that size: `p` the id of its process, which is that of its group;
 * `o` and `e` what it prints; `f` why it could not be started; `x` how it ended, as wait(2) has it. A request with the number 0 is for the lock: its head is
 * for how many seconds a busy one is waited for, or nothing to let go of it. Answers, with the number 0: `l` it is had, `b` it is not to be had in time, `u`
 * it is let go of, as it also is when no more requests come. Programs that run then go on, and have it.
 */
export const STARTER_PROGRAM = String.raw`
chdir '/';
# As handlers, and not ignored: what is ignored would be so for the programs, too.
$SIG{$_} = sub {} for qw(INT TERM HUP PIPE ALRM);
$^F = 3;
open(my $lock, '+<&=', 3) or exit 1;
$^F = 2;
binmode STDIN; binmode STDOUT;
# EAGAIN and EINTR: to have their names is to load a module.
sub again { $! == 11 || $! == 4 }
sub answer { my ($id, $kind, $text) = @_;
  my $frame = "$id $kind " . length($text) . "\n" . $text;
  for (my $sent = 0; $sent < length $frame; ) {
    my $n = syswrite(STDOUT, $frame, length($frame) - $sent, $sent);
    if (defined $n) { $sent += $n } elsif ($! != 4) { return } } }
# A busy lock is waited for in whole seconds.
sub take { my ($seconds) = @_;
  my ($had, $until) = (flock($lock, 2 | 4), time + $seconds);
  until ($had || time >= $until) { alarm($until - time); $had = flock($lock, 2); alarm 0 }
  answer(0, $had ? 'l' : 'b', '') }
sub leave { flock($lock, 8); answer(0, 'u', '') }
my ($input, $needed, $isOpen, %run, %on) = ('', 1, 1);
sub nonblocking { fcntl($_[0], 4, 2048) }
sub start { my ($id, $head, $text) = @_;
  my ($isLocked, $count, @words) = split /\0/, $head, -1; pop @words;
  my @set = splice @words, 0, $count;
  my ($ir, $iw);
  if (defined $text) { pipe($ir, $iw) or return answer($id, 'f', 0 + $!) }
  else { open($ir, '<', '/dev/null') or return answer($id, 'f', 0 + $!) }
  pipe(my $or, my $ow) or return answer($id, 'f', 0 + $!);
  pipe(my $er, my $ew) or return answer($id, 'f', 0 + $!);
  pipe(my $xr, my $xw) or return answer($id, 'f', 0 + $!);
  my $pid = fork;
  return answer($id, 'f', 0 + $!) unless defined $pid;
  if (!$pid) {
    setpgrp(0, 0);
    open(STDIN, '<&', $ir); open(STDOUT, '>&', $ow); open(STDERR, '>&', $ew);
    close $lock unless $isLocked;
    %ENV = map { split /=/, $_, 2 } @set;
    (exec { $words[0] } @words) or syswrite($xw, 0 + $!);
    kill 'KILL', $$ }
  close $_ for $ow, $ew, $xw, $ir;
  # Also here, as what is killed must be a group by now.
  setpgrp($pid, $pid);
  answer($id, 'p', $pid);
  my $failed = ''; sysread($xr, $failed, 16);
  answer($id, 'f', $failed) if length $failed;
  my $run = $run{$id} = { id => $id, pid => $pid, open => 2 };
  for (['o', $or], ['e', $er]) { my ($kind, $fh) = @$_; nonblocking($fh); $on{fileno $fh} = [$fh, $kind, $run] }
  if (defined $iw) {
    if (length $text) { nonblocking($iw); $on{fileno $iw} = [$iw, 'i', $run]; $run->{text} = $text; $run->{sent} = 0 }
    else { close $iw } } }
sub ready { my ($fh, $kind, $run) = @{$_[0]};
  if ($kind eq 'i') {
    my $n = syswrite($fh, $run->{text}, length($run->{text}) - $run->{sent}, $run->{sent});
    if (defined $n) { $run->{sent} += $n } elsif (again()) { return } else { $run->{sent} = length $run->{text} }
    return if $run->{sent} < length $run->{text};
    delete $run->{text}; delete $on{fileno $fh}; close $fh; return }
  my $n = sysread($fh, my $text, 65536);
  if ($n) { answer($run->{id}, $kind, $text) }
  elsif (defined $n || !(again())) { delete $on{fileno $fh}; close $fh; $run->{open} -= 1 } }
while ($isOpen || %run) {
  my ($rs, $ws) = ('', '');
  vec($rs, 0, 1) = 1 if $isOpen;
  for my $n (keys %on) { if ($on{$n}[1] eq 'i') { vec($ws, $n, 1) = 1 } else { vec($rs, $n, 1) = 1 } }
  my $isEnding = grep { !$_->{open} } values %run;
  if (select($rs, $ws, undef, $isEnding ? 0.002 : undef) > 0) {
    for my $n (keys %on) { ready($on{$n}) if $on{$n} && (vec($rs, $n, 1) || vec($ws, $n, 1)) }
    if ($isOpen && vec($rs, 0, 1)) {
      my $n = sysread(STDIN, $input, 1 << 20, length $input);
      if (defined $n && !$n) { $isOpen = 0; close $lock; answer(0, 'u', '') } } }
  # What was matched is kept by Perl, and copied when more is read behind it: not again before all is there.
  while (length $input >= $needed && $input =~ /^(\d+) (\d+) (-?\d+)\n/) {
    my ($id, $head, $size, $from) = ($1, $2, $3, length $&);
    my $all = $from + $head + ($size > 0 ? $size : 0);
    $needed = $all;
    last if length $input < $all;
    my $words = substr($input, $from, $head);
    if ($id) { start($id, $words, $size < 0 ? undef : substr($input, $from + $head, $size)) }
    elsif ($head) { take(substr($words, 0, -1)) }
    else { leave() }
    ($input, $needed) = (substr($input, $all), 1) }
  for my $run (grep { !$_->{open} } values %run) {
    next unless waitpid($run->{pid}, 1) == $run->{pid};
    my $status = $?;
    # What it has not read is of no use any more.
    for my $n (keys %on) { if ($on{$n}[2] == $run) { close $on{$n}[0]; delete $on{$n} } }
    delete $run{$run->{id}};
    answer($run->{id}, 'x', $status) } }
`;
