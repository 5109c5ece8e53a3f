/** Where things are on the host that the service is for. */
export interface ServicePlace {
  /** The command line that starts fleetwall. */
  command: string;
}

export interface ServiceFile {
  path: string;
  text: string;
}

/** All that systemd has to know of fleetwall. Each restriction says what it is there for, or why it is not tighter. */
export function serviceFiles({ command }: ServicePlace): ServiceFile[] {
  return [
    { path: '/etc/systemd/system/fleetwall.service', text: workerUnit(command) },
    { path: '/etc/systemd/system/fleetwall-boot.service', text: BOOT_UNIT },
    { path: '/etc/sysusers.d/fleetwall.conf', text: SYSUSERS },
    { path: '/etc/tmpfiles.d/fleetwall.conf', text: TMPFILES },
  ];
}

const HARDENING = `NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateMounts=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
# The modules that a rule needs are loaded by the kernel when it is written: that needs no right of the worker's.
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources @mount
SystemCallErrorNumber=EPERM
UMask=0077
# A core of it would have the keys and passwords of the host in it.
LimitCORE=0`;

function workerUnit(command: string): string {
  return `# Written by fleetwall service install. Changes of your own belong in a drop-in: systemctl edit fleetwall
[Unit]
Description=fleetwall worker: applies the firewall rules that this host is sent
Documentation=https://www.npmjs.com/package/fleetwall
After=network.target fleetwall-boot.service

[Service]
Type=notify
NotifyAccess=main
ExecStart=${command} worker
ExecReload=/bin/sh -c 'kill -HUP $MAINPID'
Restart=always
RestartSec=2
WatchdogSec=60
# The job in hand is finished, however long its restore takes; one that waits to be confirmed is left to the next start.
TimeoutStopSec=180
# A restore that is under way, and the process that takes back a change if the worker dies, outlive the worker: to kill them
# with it would leave a half of a change behind, or a host that is locked out.
KillMode=process

# Root, as /run/xtables.lock is root's and an administrator's fleetwall apply keeps its state in the same files, but with these only:
# CAP_NET_ADMIN to read and write rules, CAP_NET_RAW for legacy iptables, CAP_SYS_ADMIN for the network namespaces in
# which rules are tried, and for named ones.
User=root
Group=fleetwall
CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW CAP_SYS_ADMIN
# Rehearsals make network namespaces, and no others.
RestrictNamespaces=net
# The broker; netfilter; the socket of systemd; packets of tests, in namespaces of their own.
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_PACKET AF_UNIX
# What a drift was made by is looked up in /proc: so it is not hidden. Node compiles as it runs: no MemoryDenyWriteExecute.
${HARDENING}
# The namespaces in which packets of tests are tried are set as the host is.
ReadWritePaths=-/proc/sys/net

# Several times what the largest ruleset needs: what takes more is a fault, and is started anew.
MemoryMax=2G
StateDirectory=fleetwall
StateDirectoryMode=0700
LogsDirectory=fleetwall
LogsDirectoryMode=0750
RuntimeDirectory=fleetwall
RuntimeDirectoryMode=0700
# The lock is there for whoever else works on these rules, also while the worker is away.
RuntimeDirectoryPreserve=yes
ReadWritePaths=-/run/xtables.lock

# Secrets, where they are in /etc/credstore, or given to the machine: none of them has to be there.
LoadCredential=fleetwall.amqp-password
LoadCredential=fleetwall.amqp-ca
LoadCredential=fleetwall.amqp-cert
LoadCredential=fleetwall.amqp-key

[Install]
WantedBy=multi-user.target
`;
}

const BOOT_UNIT = `# Written by fleetwall service install.
[Unit]
Description=The last committed firewall rules of fleetwall
Documentation=https://www.npmjs.com/package/fleetwall
DefaultDependencies=no
After=local-fs.target systemd-modules-load.service systemd-tmpfiles-setup.service
Before=network-pre.target shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target
ConditionPathExists=/var/lib/fleetwall/boot/load
# Once in the life of the kernel: loaded twice, rules would be there twice.
ConditionPathExists=!/run/fleetwall-boot-loaded

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh /var/lib/fleetwall/boot/load
ExecStartPost=/usr/bin/touch /run/fleetwall-boot-loaded
CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW
RestrictNamespaces=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
MemoryDenyWriteExecute=yes
${HARDENING}
ReadWritePaths=/run

[Install]
WantedBy=sysinit.target
`;

const SYSUSERS = `# Whoever is in this group may read the log files of fleetwall.
g fleetwall -
`;

const TMPFILES = `d /var/lib/fleetwall 0700 root root
d /run/fleetwall 0700 root root
d /var/log/fleetwall 0750 root fleetwall
# Legacy iptables makes it when it is first run; the worker may only write to what is there before it.
f /run/xtables.lock 0600 root root
`;
