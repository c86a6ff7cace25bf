package relay

import (
	"log/slog"

	"github.com/pion/logging"
)

// quiet makes pion's loggers. pion formats clients' addresses into its text:
// what passes is the constant format at most, at debug level only. Debug and
// trace lines, several for each packet, do not pass at all.
type quiet struct{ log *slog.Logger }

// NewLogger returns a logger for one of pion's scopes.
func (q quiet) NewLogger(scope string) logging.LeveledLogger {
	return quietLogger{q.log.With(slog.String("scope", scope))}
}

type quietLogger struct{ log *slog.Logger }

// unformatted is said where pion passes text that may be made of anything.
const unformatted = "message"

func (l quietLogger) event(format string) {
	l.log.Debug("turn library", slog.String("event", format))
}

func (l quietLogger) Trace(string)                   {}
func (l quietLogger) Tracef(string, ...any)          {}
func (l quietLogger) Debug(string)                   {}
func (l quietLogger) Debugf(string, ...any)          {}
func (l quietLogger) Info(string)                    { l.event(unformatted) }
func (l quietLogger) Infof(format string, _ ...any)  { l.event(format) }
func (l quietLogger) Warn(string)                    { l.event(unformatted) }
func (l quietLogger) Warnf(format string, _ ...any)  { l.event(format) }
func (l quietLogger) Error(string)                   { l.event(unformatted) }
func (l quietLogger) Errorf(format string, _ ...any) { l.event(format) }
