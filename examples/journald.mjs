// JOURNAL_SOCKET=/run/systemd/journal/socket node examples/journald.mjs 'a message'
//
// Logs to systemd's journal by its native protocol: an entry is a datagram of fields. An entry that is too long for a
// datagram goes into sealed memory, whose descriptor is sent with an empty datagram. Without JOURNAL_SOCKET it listens on
// a socket of its own, and prints what it receives there.

import { closeSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeNetworkProcess } from 'make-network-process'
import { sealedMemory } from 'make-network-process/socket'

const entries = [
  { MESSAGE: process.argv[2] ?? 'hello' },
  { MESSAGE: 'two\nlines' },
  { MESSAGE: 'a long one', DUMP: '-'.repeat(1_000_000) },
].map(fields => ({ ...fields, PRIORITY: 6, SYSLOG_IDENTIFIER: 'example' }))

const service = process.env.JOURNAL_SOCKET ?? listen()
const journal = makeNetworkProcess({ name: 'journal', type: 'datagram', family: 'local', service })
for (const fields of entries) log(fields)
// Entries that are still queued, because the journal is slow, are sent all the same.
journal.delete()

function log(fields) {
  const entry = Buffer.concat(Object.entries(fields).map(field))
  try {
    journal.send(entry)
  } catch (error) {
    if (error.code !== 'EMSGSIZE') throw error
    const fd = sealedMemory(entry, 'journal-entry')
    journal.sendMessage({ data: '', fds: [fd] })
    closeSync(fd)
  }
}

/** One line; or, for a value of several lines, the name, the length of the value in 64 bits, and the value. */
function field([name, value]) {
  const bytes = Buffer.from(String(value))
  if (!bytes.includes('\n')) return Buffer.from(`${name}=${value}\n`)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(bytes.length))
  return Buffer.concat([Buffer.from(`${name}\n`), length, bytes, Buffer.from('\n')])
}

/** Makes a journal of our own, which ends when it has all entries. Returns the path of its socket. */
function listen() {
  const folder = mkdtempSync(join(tmpdir(), 'journal-'))
  let left = entries.length
  const daemon = makeNetworkProcess({
    name: 'daemon',
    server: true,
    type: 'datagram',
    family: 'local',
    service: join(folder, 'socket'),
    coding: 'binary',
    filter(_, datagram, { fds }) {
      const from = fds.length > 0 ? 'memory' : 'datagram'
      for (const [name, value] of fieldsOf(fds.length > 0 ? readFileSync(fds[0]) : datagram))
        console.log(
          `${from}: ${name}: ${value.length > 80 ? `${value.length} bytes` : JSON.stringify(value)}`,
        )
      fds.forEach(fd => closeSync(fd))
      if (--left > 0) return
      daemon.delete()
      rmSync(folder, { recursive: true })
    },
    sentinel() {},
  })
  return daemon.contact('service')
}

function* fieldsOf(entry) {
  for (let at = 0; at < entry.length;) {
    const end = entry.indexOf('\n', at)
    const [name, value] = entry.toString('utf8', at, end).split(/=(.*)/s)
    at = end + 1
    if (value === undefined) {
      const length = Number(entry.readBigUInt64LE(at))
      yield [name, entry.toString('utf8', at + 8, at + 8 + length)]
      at += 8 + length + 1
    } else yield [name, value]
  }
}
