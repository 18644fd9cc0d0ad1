// Command stripe-mock is Stripe's own mock server with an account's behaviour around it.
//
// stripe-mock checks every request against Stripe's OpenAPI document and answers from its fixtures.
// The sandbox adds what fixtures cannot contain: ids by idempotency key, declined cards, faults, and a
// ledger of the charges.
package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/stripe/stripe-mock/embedded"
	"github.com/stripe/stripe-mock/server"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "TCP address to listen on")
	fixtures := flag.String("fixtures", "", "file of the fixtures; stripe-mock's own when empty")
	flag.Parse()

	logger := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	if err := run(*listen, *fixtures); err != nil {
		logger.Error("stripe-mock stopped", "error", err.Error())
		os.Exit(1)
	}
}

func run(listen, fixturesPath string) error {
	document, err := server.LoadSpec(embedded.OpenAPISpec, "")
	if err != nil {
		return err
	}
	fixtures, err := server.LoadFixtures(embedded.OpenAPIFixtures, fixturesPath)
	if err != nil {
		return err
	}
	stub, err := server.NewStubServer(fixtures, document, false, false)
	if err != nil {
		return err
	}
	routes := http.NewServeMux()
	box := newSandbox(stub.HandleRequest)
	routes.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	routes.HandleFunc("GET /ledger", box.serveLedger)
	routes.Handle("/", box)

	// A handler that hangs ends with its connection, so closing is enough; no request is drained.
	service := &http.Server{Addr: listen, Handler: routes, ReadHeaderTimeout: 10 * time.Second}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, func() { _ = service.Close() })
	if err = service.ListenAndServe(); errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
