// Command ferretdb speaks the MongoDB wire protocol and keeps its data in SQLite files.
//
// It embeds FerretDB instead of installing its command, which panics when it is built as a module (it
// reads a generated version file). Embedded, it has no telemetry reporter and no version check: no
// outgoing call. patch/patch.toml changes what has no setting, so that queries use its indexes.
package main

import (
	"context"
	"flag"
	"log/slog"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "TCP address to listen on")
	directory := flag.String("directory", "data", "folder of the SQLite files; created when missing")
	level := slog.LevelWarn
	flag.TextVar(&level, "log-level", level, "DEBUG, INFO, WARN or ERROR")
	flag.Parse()

	logger := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	if err := run(logger, *listen, *directory); err != nil {
		logger.Error("ferretdb stopped", "error", err.Error())
		os.Exit(1)
	}
}

func run(logger *slog.Logger, listen, directory string) error {
	path, err := filepath.Abs(directory)
	if err != nil {
		return err
	}
	if err = os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	// The trailing slash marks a folder: one file per database. With synchronous(normal) a commit does
	// not wait for the disk: a crash of the process loses nothing, a crash of the machine loses the last
	// commits, as with MongoDB between two writes of its journal.
	files := url.URL{Scheme: "file", OmitHost: true, Path: path + "/", RawQuery: "_pragma=synchronous(normal)"}
	database, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: listen},
		Logger:    logger,
		Handler:   "sqlite",
		SQLiteURL: files.String(),
	})
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return database.Run(ctx)
}
