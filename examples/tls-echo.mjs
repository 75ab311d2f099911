// node examples/tls-echo.mjs
//
// An echo server and its client over TLS, with a certificate that openssl makes for this run. The client trusts that
// certificate; a second client does not, so it refuses the server.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { makeNetworkProcess } from 'make-network-process'

const folder = mkdtempSync(path.join(tmpdir(), 'tls-echo-'))
process.on('exit', () => rmSync(folder, { recursive: true }))
const [key, certificate] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')]
const request = [
  'req',
  '-x509',
  '-newkey',
  'ec',
  '-pkeyopt',
  'ec_paramgen_curve:prime256v1',
  '-nodes',
  '-days',
  '1',
]
const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
execFileSync('openssl', [...request, ...names, '-keyout', key, '-out', certificate], { stdio: 'ignore' })

const server = makeNetworkProcess({
  name: 'echo',
  server: true,
  host: '127.0.0.1',
  service: true,
  tlsParameters: { keylist: [[key, certificate]] },
  filter: (connection, text) => connection.send(text),
  log: (_, connection, message) => {
    console.log('server:', message.trim())
    if (connection === undefined) server.delete()
  },
})
const connect = trustfiles =>
  makeNetworkProcess({
    name: 'client',
    host: '127.0.0.1',
    service: server.contact('service'),
    nowait: true,
    tlsParameters: { hostname: 'localhost', trustfiles },
  })

const client = await connect([certificate]).opened
console.log('client:', client.tls.protocol, client.tls.certificate.subject)
client.send('hello')
for await (const text of client) {
  console.log('client:', text)
  break
}
client.delete()
await connect([]).opened.catch(({ code }) => console.log('other client:', code))
