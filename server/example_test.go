package server_test

import (
	"context"
	"log"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/sync"
)

// Serve an engine until an interrupt; then stop the run in progress at a safe point, and only then the web server.
func ExampleNew() {
	var engine *sync.Engine // from sync.New
	handler, err := server.New(server.Fixed(engine), &server.Options{Origins: []string{"netbox.example.com"}})
	if err != nil {
		log.Fatal(err)
	}
	web := &http.Server{Addr: "127.0.0.1:8800", Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, func() {
		limit, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		_ = handler.Shutdown(limit)
		_ = web.Shutdown(limit)
	})
	log.Print(web.ListenAndServe())
}
