package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	maxBodyBytes = 1 << 20
	maxEntries   = 20_000
)

// Prefix of the ids of the objects that each path creates.
var created = map[string]string{"/v1/payment_intents": "pi", "/v1/refunds": "re"}

// An entry is one idempotency key: its first request, the answer, and the number of requests.
type entry struct {
	Key     string          `json:"key"`
	Calls   int             `json:"calls"`
	Status  int             `json:"status"`
	Answer  json.RawMessage `json:"answer"`
	request string
}

// A sandbox adds to stripe-mock the behaviour of an account: the same key is the same payment, a
// card's token decides the result, and the ledger lists the charges. It keeps all in memory, the last
// 20,000 keys.
//
// Tokens of cards are Stripe's own (pm_card_…chargeDeclined…, pm_card_…authenticationRequired,
// pm_card_threeDSecure…). Tokens for faults: pm_serene_processing (has succeeded when the payment is
// read), pm_serene_wait_<duration> (answered late), pm_serene_lost (charged, but the first answer is
// never sent), and without a charge pm_serene_hang, pm_serene_500 and pm_serene_429.
type sandbox struct {
	stub    http.HandlerFunc
	mutex   sync.Mutex
	entries map[string]*entry
	order   []*entry
}

func newSandbox(stub http.HandlerFunc) *sandbox {
	return &sandbox{stub: stub, entries: map[string]*entry{}}
}

func (s *sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	checked := httptest.NewRecorder()
	s.stub(checked, r)
	if id, found := strings.CutPrefix(r.URL.Path, "/v1/payment_intents/"); found && r.Method == http.MethodGet {
		if answer := s.current(id); answer != nil {
			write(w, http.StatusOK, answer)
			return
		}
	}
	prefix := created[r.URL.Path]
	if checked.Code != http.StatusOK || r.Method != http.MethodPost || prefix == "" {
		for name, values := range checked.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(checked.Code)
		_, _ = w.Write(checked.Body.Bytes())
		return
	}
	form, _ := url.ParseQuery(string(body)) // stripe-mock has parsed it
	method := form.Get("payment_method")
	if fault(w, r, method) {
		return
	}
	key := r.Header.Get("Idempotency-Key")
	found, calls := s.once(key, r.URL.Path+"?"+string(body), func() (int, map[string]any) {
		var object map[string]any
		_ = json.Unmarshal(checked.Body.Bytes(), &object) // written by stripe-mock just now
		return decide(object, prefix, key, form)
	})
	if method == "pm_serene_lost" && calls == 1 {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Idempotency-Key", key)
	if calls > 1 {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	write(w, found.Status, found.Answer)
}

// once answers a new key, and repeats the first answer for a known one.
func (s *sandbox) once(key, request string, answer func() (int, map[string]any)) (entry, int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	known := s.entries[key]
	if known == nil || key == "" {
		status, object := answer()
		known = &entry{Key: key, Status: status, Answer: encode(object), request: request}
		s.entries[key] = known
		if s.order = append(s.order, known); len(s.order) > maxEntries {
			delete(s.entries, s.order[0].Key)
			s.order = s.order[1:]
		}
	}
	known.Calls++
	if known.request != request {
		text := "Keys for idempotent requests can only be used with the same parameters they were first used with."
		return entry{Status: http.StatusBadRequest, Answer: encode(problem("idempotency_error", "", text))}, known.Calls
	}
	return *known, known.Calls
}

// current returns a payment's current state; the answer to its key never changes.
func (s *sandbox) current(id string) map[string]any {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, known := range s.order {
		var object map[string]any
		if json.Unmarshal(known.Answer, &object) == nil && object["id"] == id {
			if object["status"] == "processing" {
				object["status"] = "succeeded"
			}
			return object
		}
	}
	return nil
}

func (s *sandbox) serveLedger(w http.ResponseWriter, _ *http.Request) {
	s.mutex.Lock()
	entries := make([]entry, 0, len(s.order))
	for _, known := range s.order {
		entries = append(entries, *known)
	}
	s.mutex.Unlock()
	write(w, http.StatusOK, entries)
}

// fault applies a token's fault before any charge, and returns whether the request was answered.
func fault(w http.ResponseWriter, r *http.Request, method string) bool {
	if text, found := strings.CutPrefix(method, "pm_serene_wait_"); found {
		wait, _ := time.ParseDuration(text)
		select {
		case <-r.Context().Done():
			return true
		case <-time.After(wait):
		}
	}
	switch method {
	case "pm_serene_hang":
		<-r.Context().Done()
	case "pm_serene_500":
		write(w, http.StatusInternalServerError, problem("api_error", "", "Something went wrong on Stripe's side."))
	case "pm_serene_429":
		write(w, http.StatusTooManyRequests, problem("invalid_request_error", "rate_limit", "Too many requests."))
	default:
		return false
	}
	return true
}

// decide turns stripe-mock's answer into the one for this key and this card.
func decide(object map[string]any, prefix, key string, form url.Values) (int, map[string]any) {
	digest := sha256.Sum256([]byte(key))
	id := prefix + "_" + hex.EncodeToString(digest[:12])
	object["id"] = id
	if prefix == "re" {
		object["payment_intent"] = form.Get("payment_intent")
		return http.StatusOK, object
	}
	object["client_secret"] = id + "_secret_" + hex.EncodeToString(digest[12:24])
	object["metadata"] = map[string]any{"booking_id": form.Get("metadata[booking_id]")}
	method := form.Get("payment_method")
	switch {
	case !strings.HasPrefix(method, "pm_"):
		answer := problem("invalid_request_error", "resource_missing", "No such PaymentMethod: '"+method+"'")
		answer["error"].(map[string]any)["param"] = "payment_method"
		return http.StatusBadRequest, answer
	case strings.Contains(method, "chargeDeclined"):
		object["status"] = "requires_payment_method"
		answer := problem("card_error", "card_declined", "Your card was declined.")
		answer["error"].(map[string]any)["decline_code"] = "generic_decline"
		answer["error"].(map[string]any)["payment_intent"] = object
		return http.StatusPaymentRequired, answer
	case strings.Contains(method, "authenticationRequired"), strings.Contains(method, "threeDSecure"):
		object["status"] = "requires_action"
	case method == "pm_serene_processing":
		object["status"] = "processing"
	}
	return http.StatusOK, object
}

func problem(kind, code, message string) map[string]any {
	members := map[string]any{"type": kind, "message": message}
	if code != "" {
		members["code"] = code
	}
	return map[string]any{"error": members}
}

func encode(answer any) json.RawMessage {
	text, _ := json.Marshal(answer) // only maps of JSON types
	return text
}

func write(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Request-Id", "req_serene")
	w.WriteHeader(status)
	_, _ = w.Write(encode(answer))
}
