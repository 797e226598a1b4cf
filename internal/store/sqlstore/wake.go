package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"lectern/internal/credential"
	"lectern/internal/errs"
)

// errDeaf means that a connection hears nothing, most likely because a pooler
// between us and the server hands out another one for each transaction.
var errDeaf = errs.New(errs.Unavailable, "database_cannot_notify", "",
	"Other processes cannot tell this one of new scores; it looks for them every second.",
	"Connect to PostgreSQL itself, or let the pooler keep one connection for each session.")

// The channel on which processes tell each other that something is due. An
// empty payload says so; others are echoes.
const (
	wakeChannel = "lectern_due"
	wakeName    = " wakes" // ends the application name of the listening connection
)

// How processes tell and listen.
const (
	tellGap    = 100 * time.Millisecond // between two messages of a process, and between two calls for them
	tellFor    = 5 * time.Second        // how long sending one may take
	tellAgain  = time.Second            // after one that could not be sent
	echoWithin = 5 * time.Second        // a message to oneself takes no longer
	beat       = 30 * time.Second       // how often a silent connection is tried
	listenWait = 200 * time.Millisecond // before listening anew; doubled up to …
	listenMost = 15 * time.Second       // … this
)

// teller sends messages about what is due, after the commit and in a
// transaction of their own: inside the transaction that made it due, NOTIFY
// would take a lock on the whole database through its commit, so that only one
// at a time could wait for the disk. Many changes are one message.
type teller struct {
	pool *sql.DB
	due  chan struct{}
	stop chan struct{}
	once sync.Once
	done chan struct{}
}

func newTeller(pool *sql.DB) *teller {
	t := &teller{pool: pool, due: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	go t.run()
	return t
}

func (t *teller) tell() {
	select {
	case t.due <- struct{}{}:
	default: // one is on its way that covers this
	}
}

// close sends what is still to be said. It may be called again.
func (t *teller) close() {
	t.once.Do(func() { close(t.stop) })
	<-t.done
}

func (t *teller) run() {
	defer close(t.done)
	for {
		select {
		case <-t.due:
		case <-t.stop:
			select {
			case <-t.due:
				_ = notify(t.pool, "") // there is no other chance; the others will look
			default:
			}
			return
		}
		pause := tellGap
		if notify(t.pool, "") != nil { // whoever uses the database meanwhile says more about why
			t.tell()
			pause = tellAgain
		}
		select {
		case <-time.After(pause):
		case <-t.stop:
		}
	}
}

func notify(pool *sql.DB, payload string) error {
	ctx, cancel := context.WithTimeout(context.Background(), tellFor)
	defer cancel()
	_, err := pool.ExecContext(ctx, "SELECT pg_notify($1, $2)", wakeChannel, payload)
	return err
}

func (p *postgres) tell() { p.teller.tell() }

// watch listens on a connection of its own and makes a new one when that is
// lost.
func (p *postgres) watch(ctx context.Context, heard func(lost error)) {
	wait := listenWait
	for ctx.Err() == nil {
		began := time.Now()
		err := p.listen(ctx, heard)
		if ctx.Err() != nil {
			return
		}
		heard(err)
		if time.Since(began) > beat {
			wait = listenWait
		}
		select {
		case <-time.After(wait + rand.N(wait)):
		case <-ctx.Done():
		}
		wait = min(2*wait, listenMost)
	}
}

// ear is a listening connection and what it heard since it was last asked.
type ear struct {
	conn   *pgx.Conn
	due    bool
	echo   string
	echoed bool
}

// listen calls heard for each message until the connection is lost.
func (p *postgres) listen(ctx context.Context, heard func(lost error)) error {
	e, err := p.ear(ctx)
	if err != nil {
		return err
	}
	defer e.close()
	if err := notify(p.pool, e.echo); err != nil {
		return err
	}
	if err := e.wait(ctx, echoWithin, func() bool { return e.echoed }); err != nil {
		if pgconn.Timeout(err) {
			err = errDeaf.Wrap(err)
		}
		return err
	}
	for {
		e.due = false
		heard(nil)
		select { // a burst is one call
		case <-time.After(tellGap):
		case <-ctx.Done():
			return ctx.Err()
		}
		for !e.due {
			err := e.wait(ctx, beat, func() bool { return e.due })
			if err != nil && (ctx.Err() != nil || !pgconn.Timeout(err)) {
				return err
			}
			if err := e.ping(ctx); err != nil {
				return err
			}
		}
	}
}

// ear connects. The connection is beside the pool, which must not be short of
// one for it.
func (p *postgres) ear(ctx context.Context) (*ear, error) {
	ctx, cancel := context.WithTimeout(ctx, tellFor)
	defer cancel()
	e := &ear{echo: credential.New()}
	config := p.config.Copy()
	config.RuntimeParams["application_name"] += wakeName
	config.OnNotification = func(_ *pgconn.PgConn, n *pgconn.Notification) {
		e.due = e.due || n.Payload == ""
		e.echoed = e.echoed || n.Payload == e.echo
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	e.conn = conn
	if _, err := conn.Exec(ctx, "LISTEN "+wakeChannel); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

// wait reads messages until there is what is wanted. When that takes too long
// the error is a timeout, and the connection stays usable.
func (e *ear) wait(ctx context.Context, atMost time.Duration, until func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	for !until() {
		if err := e.conn.PgConn().WaitForNotification(ctx); err != nil {
			return err
		}
	}
	return nil
}

// ping reads what has come already, and finds out whether anybody is there.
func (e *ear) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, tellFor)
	defer cancel()
	return e.conn.Ping(ctx)
}

func (e *ear) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return e.conn.Close(ctx)
}
