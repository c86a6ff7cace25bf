package relayadmin

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/ringfence/ringfence/relay"
)

const (
	// MaxRevocations is how many calls and legs a request may name.
	MaxRevocations = 1000

	// MaxRevokeBody is how many bytes a request may have.
	MaxRevokeBody = 256 << 10
)

// Revoker is a relay, or whatever passes revocations on to some.
type Revoker interface {
	// Revoke returns how many allocations ended.
	Revoke(r ...relay.Revocation) int
}

type revokeRequest struct {
	Revoke []revokeEntry `json:"revoke"`
}

type revokeEntry struct {
	Call string `json:"call"`
	Leg  string `json:"leg"`
}

type revokeAnswer struct {
	Revoked int `json:"revoked"` // calls and legs
	Ended   int `json:"ended"`   // allocations
}

type refusal struct {
	Error string `json:"error"`
}

var (
	errTooLarge = errors.New("at most " + strconv.Itoa(MaxRevocations) + " entries and 256 KiB")
	errBody     = errors.New(`want {"revoke":[{"call":"…","leg":"…"}]}, where leg may be left out`)
	errMany     = errors.New("more follows after the object")
)

// RevokeHandler answers POST {"revoke":[{"call":…,"leg":…}]}: it ends calls,
// or single legs, at r and says how many entries it took and how many
// allocations ended. Asking again is harmless, and all entries of a request
// count or none. Whoever asks shows key as "Authorization: Bearer …"; with an
// empty key nobody may, and the answer is 404. Otherwise: 401 without the key,
// 405 for other methods, 415 for anything but application/json, 413 above
// [MaxRevocations] or [MaxRevokeBody], 400 for what can't be read.
func RevokeHandler(key relay.Secret, r Revoker) http.Handler {
	want := sha256.Sum256([]byte(key.Reveal()))
	if key.Reveal() == "" {
		return http.NotFoundHandler()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		// The lengths of both are hidden by the sums.
		got := sha256.Sum256([]byte(bearer(req)))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			w.Header().Set("WWW-Authenticate", `Bearer realm="relay"`)
			refuse(w, http.StatusUnauthorized, errors.New("wrong or no key"))
			return
		}
		if req.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			refuse(w, http.StatusMethodNotAllowed, errors.New("only POST"))
			return
		}
		if t, _, err := mime.ParseMediaType(req.Header.Get("Content-Type")); err != nil || t != "application/json" {
			refuse(w, http.StatusUnsupportedMediaType, errors.New("want application/json"))
			return
		}
		batch, err := decode(http.MaxBytesReader(w, req.Body, MaxRevokeBody))
		switch {
		case errors.Is(err, errTooLarge):
			refuse(w, http.StatusRequestEntityTooLarge, err)
		case err != nil:
			refuse(w, http.StatusBadRequest, err)
		default:
			body, _ := json.Marshal(revokeAnswer{Revoked: len(batch), Ended: r.Revoke(batch...)})
			answer(w, http.StatusOK, body)
		}
	})
}

func bearer(req *http.Request) string {
	scheme, token, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return token
}

// decode reads a request. Its errors repeat nothing of it but the number of an
// entry.
func decode(body io.Reader) ([]relay.Revocation, error) {
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	var in revokeRequest
	if err := d.Decode(&in); err != nil {
		return nil, reason(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		if errors.Is(reason(err), errTooLarge) {
			return nil, errTooLarge
		}
		return nil, errMany
	}
	switch {
	case in.Revoke == nil:
		return nil, errBody
	case len(in.Revoke) > MaxRevocations:
		return nil, errTooLarge
	}
	batch := make([]relay.Revocation, 0, len(in.Revoke))
	for i, e := range in.Revoke {
		r := relay.Revocation{Call: e.Call, Leg: e.Leg}
		if err := r.Check(); err != nil {
			return nil, fmt.Errorf("entry %d: %w", i, err)
		}
		batch = append(batch, r)
	}
	return batch, nil
}

func reason(err error) error {
	if large := new(http.MaxBytesError); errors.As(err, &large) {
		return errTooLarge
	}
	return errBody
}

func refuse(w http.ResponseWriter, status int, why error) {
	body, err := json.Marshal(refusal{why.Error()})
	if err != nil { // a string always can be written
		body = nil
	}
	answer(w, status, body)
}

func answer(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // who asked may be gone
}
