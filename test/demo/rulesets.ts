/** The files that the demo pushes, as somebody would write them. */
export const RULESETS = {
  'edge.yaml': `name: edge
both: |
  *filter
  :edge-in - [0:0]
  -A INPUT -j edge-in
  -A edge-in -i lo -j ACCEPT
  -A edge-in -p tcp --dport 22 -j ACCEPT
  -A edge-in -p tcp --dport 80 -j REJECT
  COMMIT
`,
  // IPv4 is well, and in IPv6 there is no such port.
  'bad.yaml': `name: edge
both: |
  *filter
  :edge-in - [0:0]
  -A INPUT -j edge-in
  -A edge-in -i lo -j ACCEPT
  -A edge-in -p tcp --dport 2222 -j ACCEPT
  COMMIT
ipv6: |
  *filter
  -A edge-in -p tcp --dport 99999 -j ACCEPT
  COMMIT
`,
  // The kernel takes it, and with it no new connection to the broker can be made any more.
  'lock-out.yaml': `name: edge
both: |
  *filter
  :edge-in - [0:0]
  -A INPUT -j edge-in
  -A edge-in -i lo -j ACCEPT
  -A edge-in -p tcp -j DROP
  COMMIT
`,
  // For whoever keeps the demo running.
  'block.yaml': `name: block
ipv4: |
  *filter
  :block-in - [0:0]
  -A INPUT -j block-in
  -A block-in -s 198.51.100.7 -j DROP
  COMMIT
`,
};
