// node examples/sctp.mjs
//
// A connection over SCTP instead of TCP: the same keywords, and `protocol`. In this one-to-one style the program sees a
// stream, although SCTP transports messages. sctp-one-to-many.mjs shows the other style.

import { makeNetworkProcess } from 'make-network-process'
import { constants } from 'make-network-process/socket'

const keywords = { family: 'ipv4', protocol: constants.IPPROTO_SCTP }

const server = makeNetworkProcess({
  name: 'server',
  server: true,
  service: true,
  ...keywords,
  filter: (client, data) => client.send(data.toUpperCase()),
  sentinel: (client, event) => console.log(`server: ${event.trim()}`),
})

const client = makeNetworkProcess({
  name: 'client',
  service: server.contact('service'),
  ...keywords,
  filter(_, data) {
    console.log(`client hears: ${data}`)
    client.delete()
    server.delete()
  },
  sentinel: (_, event) => console.log(`client: ${event.trim()}`),
})
client.send('over sctp')
