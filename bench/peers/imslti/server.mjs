// The peer of bench/load: LTI 1.1 launches as ims-lti's manual has them, behind
// express, with what Lectern guarantees: nonce, user, result and session in one
// transaction of SQLite, synchronous FULL, before the answer.
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import Database from 'better-sqlite3'
import express from 'express'

const lti = createRequire(import.meta.url)('ims-lti')
const [file, key, secret] = process.argv.slice(2)

const db = new Database(file)
db.pragma('journal_mode = WAL')
db.pragma('synchronous = FULL')
db.exec(`
CREATE TABLE IF NOT EXISTS nonce (value TEXT NOT NULL PRIMARY KEY, used_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS user (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, seen_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS result (user TEXT NOT NULL, link TEXT NOT NULL, url TEXT NOT NULL, sourced_id TEXT NOT NULL,
  updated_at INTEGER NOT NULL, PRIMARY KEY (user, link));
CREATE TABLE IF NOT EXISTS session (token TEXT NOT NULL PRIMARY KEY, user TEXT NOT NULL, context TEXT NOT NULL,
  created_at INTEGER NOT NULL);`)
const nonce = db.prepare('INSERT INTO nonce VALUES (?, ?) ON CONFLICT DO NOTHING')
const user = db.prepare('INSERT INTO user VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, seen_at = excluded.seen_at')
const result = db.prepare(`INSERT INTO result VALUES (?, ?, ?, ?, ?) ON CONFLICT (user, link) DO UPDATE SET
  url = excluded.url, sourced_id = excluded.sourced_id, updated_at = excluded.updated_at`)
const session = db.prepare('INSERT INTO session VALUES (?, ?, ?, ?)')
const keep = db.transaction((body, token) => {
  const now = Date.now()
  if (nonce.run(body.oauth_timestamp + ' ' + body.oauth_nonce, now).changes === 0) return false
  user.run(body.user_id, body.lis_person_name_full, now)
  result.run(body.user_id, body.resource_link_id, body.lis_outcome_service_url, body.lis_result_sourcedid, now)
  session.run(token, body.user_id, body.context_id, now)
  return true
})

// The store only checks the clock: the nonce is inserted with the rest.
const NonceStore = lti.Stores.NonceStore
class Clock extends NonceStore {
  constructor() {
    super()
    this.isNew = (nonce, timestamp, next) => next(null, Math.abs(Date.now() / 1000 - Number(timestamp)) < 300)
  }
}
const clock = new Clock()

const app = express()
app.disable('x-powered-by')
app.use(express.urlencoded({ extended: false, parameterLimit: 1000 }))
app.get('/count', (req, res) => res.json({ sessions: db.prepare('SELECT count(*) AS n FROM session').get().n }))
app.post('/{*path}', (req, res) => {
  if (req.body.oauth_consumer_key !== key) return res.sendStatus(403)
  new lti.Provider(key, secret, clock).valid_request(req, (err, valid) => {
    if (!valid) return res.sendStatus(403)
    const token = randomBytes(32).toString('base64url')
    if (!keep(req.body, token)) return res.sendStatus(403)
    res.cookie('session', token, { httpOnly: true })
    res.redirect(302, '/page')
  })
})
const server = app.listen(0, '127.0.0.1', () => console.log('listening on 127.0.0.1:' + server.address().port))
process.on('SIGINT', () => process.exit(0))
