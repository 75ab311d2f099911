// Compares the TLS of this package (GnuTLS) and of Node (OpenSSL) in one run: bytes per second that a client sends and
// receives, and handshakes per second as a client and as a server. The other end is always Node's, in a process of its
// own, so that only the end that is measured differs. The two take turns, and the medians are compared.
//
//   npm run build && npm run bench:tls            # --repeats 7 --megabytes 400 --handshakes 400 --json

import { fork, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { median } from './statistics.mjs'

const host = '127.0.0.1'
const parallel = 8
const children = []
process.on('exit', () => children.forEach(child => child.kill()))

if (process.send) await bePeer()
else await measure()

// ---- the other end --------------------------------------------------------------------------------------------

// Either a server that sends or receives as many bytes as its client's first line says; or a client that makes as many
// handshakes as it is told.
async function bePeer() {
  const [role, key, cert, port, count] = process.argv.slice(2)
  if (role === 'clients') {
    const ca = readFileSync(cert)
    const connect = () =>
      new Promise((resolve, reject) => {
        const socket = tls.connect({ port: Number(port), host, ca, servername: 'localhost' })
        socket.once('data', () => socket.end())
        socket.on('error', reject).on('close', resolve)
      })
    process.send('ready')
    await once(process, 'message')
    let left = Number(count)
    await Promise.all(
      Array.from({ length: parallel }, async () => {
        while (left-- > 0) await connect()
      }),
    )
    process.send('done')
    process.disconnect()
    return
  }
  const chunk = Buffer.alloc(64 * 1024, 'x')
  const server = tls.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, socket => {
    socket.on('error', () => {})
    socket.once('data', line => {
      const [what, length] = String(line).trim().split(' ')
      let left = Number(length)
      if (what === 'send') {
        const more = () => {
          while (left > 0) {
            left -= chunk.length
            if (!socket.write(chunk)) return void socket.once('drain', more)
          }
          socket.end()
        }
        return more()
      }
      socket.write('!')
      socket.on('data', data => {
        left -= data.length
        if (left <= 0) socket.end('.')
      })
    })
  })
  server.listen(0, host, () => process.send(server.address().port))
  process.on('disconnect', () => process.exit())
}

function start(...args) {
  const child = fork(fileURLToPath(import.meta.url), args.map(String), { execArgv: [] })
  children.push(child)
  return child
}

// ---- what is measured -------------------------------------------------------------------------------------------

async function measure() {
  const { values } = parseArgs({
    options: {
      repeats: { type: 'string', default: '7' },
      megabytes: { type: 'string', default: '400' },
      handshakes: { type: 'string', default: '400' },
      json: { type: 'boolean', default: false },
    },
  })
  const { gnutlsVersion, makeNetworkProcess } = await import('make-network-process')
  if (gnutlsVersion() === undefined) throw new Error('there is no GnuTLS to measure')
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-tls-'))
  process.on('exit', () => rmSync(folder, { recursive: true }))
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')]
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2']
  execFileSync('openssl', [...request, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' })

  const server = start('server', key, cert)
  const [port] = await once(server, 'message')
  const bytes = Number(values.megabytes) * 1e6
  const handshakes = Number(values.handshakes)
  const chunk = Buffer.alloc(64 * 1024, 'x')

  const ours = {
    client: (connected, filter) => {
      const client = makeNetworkProcess({
        name: 'client',
        host,
        service: port,
        nowait: true,
        coding: 'binary',
        tlsParameters: { hostname: 'localhost', trustfiles: [cert] },
        filter,
      })
      client.opened.then(connected)
      const ended = client.closed
      return { write: data => client.send(data), drained: () => client.drained, ended }
    },
    server: () =>
      makeNetworkProcess({
        name: 'server',
        server: 128,
        host,
        service: true,
        tlsParameters: { keylist: [[key, cert]] },
        sentinel: (connection, event) => event.startsWith('open') && connection.send('!'),
      }),
  }
  const ca = readFileSync(cert)
  const node = {
    client: (connected, filter) => {
      const socket = tls.connect({ port, host, ca, servername: 'localhost' }, connected)
      socket.on('data', data => filter(undefined, data))
      // When all is received, it does not matter how the other end closes.
      socket.on('error', () => {})
      return {
        write: data => socket.write(data),
        drained: () => once(socket, 'drain'),
        ended: new Promise(resolve => socket.once('close', resolve)),
      }
    },
  }

  const sends = async ({ client }) => {
    let begin
    const opened = withResolvers()
    const ready = withResolvers()
    const over = withResolvers()
    let heard = ''
    const end = client(opened.resolve, (_, data) => {
      heard += data
      if (heard === '!') ready.resolve()
      if (heard.endsWith('.')) over.resolve()
    })
    await opened.promise
    end.write(`take ${bytes}\n`)
    await ready.promise
    begin = performance.now()
    for (let left = bytes; left > 0; left -= chunk.length) if (!end.write(chunk)) await end.drained()
    await over.promise
    return bytes / 1e6 / ((performance.now() - begin) / 1000)
  }
  const receives = async ({ client }) => {
    let length = 0
    let begin
    const over = withResolvers()
    const end = client(
      () => {
        begin = performance.now()
        end.write(`send ${bytes}\n`)
      },
      (_, data) => {
        length += data.length
        if (length >= bytes) over.resolve()
      },
    )
    await over.promise
    return bytes / 1e6 / ((performance.now() - begin) / 1000)
  }
  const connects = async ({ client }) => {
    const begin = performance.now()
    let left = handshakes
    await Promise.all(
      Array.from({ length: parallel }, async () => {
        while (left-- > 0) {
          const end = client(
            () => end.write('send 1\n'),
            () => {},
          )
          await end.ended
        }
      }),
    )
    return handshakes / ((performance.now() - begin) / 1000)
  }
  const accepts = async ({ client }) => {
    let close
    let address
    if (client === ours.client) {
      const listening = ours.server()
      address = listening.contact('service')
      close = () => listening.delete()
    } else {
      const listening = tls.createServer({ key: readFileSync(key), cert: ca }, socket => {
        socket.on('error', () => {})
        socket.resume()
        socket.write('!')
      })
      listening.listen(0, host)
      await once(listening, 'listening')
      address = listening.address().port
      close = () => listening.close()
    }
    const clients = start('clients', key, cert, address, handshakes)
    await once(clients, 'message')
    const begin = performance.now()
    clients.send('go')
    await once(clients, 'message')
    const rate = handshakes / ((performance.now() - begin) / 1000)
    close()
    return rate
  }

  const results = []
  for (const [name, unit, run] of [
    ['send', 'MB/s', sends],
    ['receive', 'MB/s', receives],
    ['handshakes as client', '/s', connects],
    ['handshakes as server', '/s', accepts],
  ]) {
    const rates = { ours: [], node: [] }
    for (let repeat = 0; repeat < Number(values.repeats); repeat++) {
      for (const who of repeat % 2 ? ['node', 'ours'] : ['ours', 'node'])
        rates[who].push(await run(who === 'ours' ? ours : node))
    }
    const [mine, theirs] = [median(rates.ours), median(rates.node)]
    results.push({ name, unit, ours: mine, node: theirs, ratio: mine / theirs, rates })
    if (!values.json)
      console.log(
        `${name.padEnd(22)} ours ${mine.toFixed(0).padStart(6)} ${unit}, node:tls ${theirs.toFixed(0).padStart(6)} ` +
          `${unit}, ratio ${(mine / theirs).toFixed(2)}`,
      )
  }
  const versions = { node: process.version, openssl: process.versions.openssl, gnutls: gnutlsVersion() }
  if (values.json) console.log(JSON.stringify({ ...versions, results }, null, 2))
  else console.log(`Node ${versions.node}, OpenSSL ${versions.openssl}, GnuTLS ${versions.gnutls}`)
  process.exit()
}

function withResolvers() {
  const resolvers = {}
  resolvers.promise = new Promise((resolve, reject) => Object.assign(resolvers, { resolve, reject }))
  return resolvers
}
