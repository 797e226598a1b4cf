// Command floor is what bench/load holds Lectern against: a bare HTTP server
// that makes the same durable writes, or sends the same bytes, and does nothing
// else. It has no sessions to look up, no course, no log, no second consumer.
//
//	POST /lti_provider/…  verifies the signature; one transaction with nonce, account,
//	                      link, grade target, member, session, log row; 302 with a cookie
//	POST /answer          one transaction with state, history and owed score; 303
//	GET  /page            the bytes of a file
//	GET  /count           how many launches it took, as JSON
//
// The rows are Lectern's, in Lectern's own tables with their indexes. Transactions
// share commits, as Lectern's do: SQLite, WAL, synchronous FULL.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to serve on")
	file := flag.String("db", "floor.db", "database file")
	key := flag.String("key", "key", "consumer key")
	secret := flag.String("secret", "secret", "consumer secret")
	page := flag.String("page", "", "file to send as a page")
	flag.Parse()
	if err := run(*listen, *file, *key, *secret, *page); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func run(listen, file, key, secret, page string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	d, err := openDatabase(ctx, file)
	if err != nil {
		return err
	}
	var body []byte
	if page != "" {
		if body, err = os.ReadFile(page); err != nil {
			return err
		}
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("POST /lti_provider/", launcher{d, key, secret, "http://" + listener.Addr().String()})
	mux.Handle("POST /answer", answerer{d})
	mux.HandleFunc("GET /page", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(body) // whoever went away needs no page
	})
	mux.HandleFunc("GET /count", func(w http.ResponseWriter, r *http.Request) {
		n, err := d.sessions(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]int{"sessions": n})
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	fmt.Println("listening on " + listener.Addr().String())
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return d.close()
}
