package httpapi_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/openapi.json anew")

const golden = "../../docs/openapi.json"

// TestOpenAPIDoesNotDrift holds docs/openapi.json, which the client's types
// are made from, to what the server serves.
func TestOpenAPIDoesNotDrift(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.do("GET", "/openapi.json", nil)
	if rec.Code != 200 || !json.Valid(rec.Body.Bytes()) {
		t.Fatalf("status %d", rec.Code)
	}
	if *update {
		w.OK(os.WriteFile(golden, rec.Body.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	w.OK(err)
	if !bytes.Equal(rec.Body.Bytes(), want) {
		t.Error("docs/openapi.json is not what the server serves: go test ./internal/httpapi -run OpenAPI -update")
	}
	for _, word := range []string{"ErrorModel", "$schema", "schemas/Problem"} {
		if strings.Contains(rec.Body.String(), word) != (word == "schemas/Problem") {
			t.Errorf("the document and %s: not as it should be", word)
		}
	}
}
