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
  // The IPv4 text is good; the IPv6 text names an invalid port.
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
  // The kernel accepts it, but with it no new connection to the broker can be made.
  'lock-out.yaml': `name: edge
both: |
  *filter
  :edge-in - [0:0]
  -A INPUT -j edge-in
  -A edge-in -i lo -j ACCEPT
  -A edge-in -p tcp -j DROP
  COMMIT
`,
  // Not used by the demo itself: for people who keep it running.
  'block.yaml': `name: block
ipv4: |
  *filter
  :block-in - [0:0]
  -A INPUT -j block-in
  -A block-in -s 198.51.100.7 -j DROP
  COMMIT
`,
};
