// node examples/sctp.mjs
//
// A connection by SCTP instead of TCP: the same keywords, and `protocol`. In the one-to-one style it is a stream to the
// program, although the messages keep their bounds on the way. sctp-one-to-many.mjs has the other style.

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
