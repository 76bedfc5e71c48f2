package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pemFiles writes a certificate for the loopback and its key.
func pemFiles(t *testing.T) (certificate, key string) {
	t.Helper()
	pair, _, err := selfSigned()
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	require.NoError(t, err)
	folder := t.TempDir()
	certificate, key = filepath.Join(folder, "certificate.pem"), filepath.Join(folder, "key.pem")
	for path, block := range map[string]*pem.Block{
		certificate: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: der},
	} {
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	}
	return certificate, key
}

func TestListenWithTLS(t *testing.T) {
	t.Parallel()
	certificate, key := pemFiles(t)
	at := listening{address: "127.0.0.1:0", certificate: certificate, key: key}
	listener, scheme, err := at.open()
	require.NoError(t, err)
	assert.Equal(t, "https", scheme)
	assert.False(t, exposed(listener))
	s := webServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }))
	go func() { _ = s.Serve(listener) }()
	defer func() { assert.NoError(t, s.Close()) }()

	roots := x509.NewCertPool()
	text, err := os.ReadFile(certificate)
	require.NoError(t, err)
	require.True(t, roots.AppendCertsFromPEM(text))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	response, err := client.Get("https://" + listener.Addr().String())
	require.NoError(t, err)
	defer func() { assert.NoError(t, response.Body.Close()) }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Equal(t, "HTTP/1.1", string(body), "which a WebSocket needs")

	old := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	_, err = tls.Dial("tcp", listener.Addr().String(), old)
	require.Error(t, err)
}

func TestListen(t *testing.T) {
	t.Parallel()
	at := listening{address: "0.0.0.0:0"}
	listener, scheme, err := at.open()
	require.NoError(t, err)
	assert.Equal(t, "http", scheme)
	assert.True(t, exposed(listener))
	require.NoError(t, listener.Close())

	certificate, key := pemFiles(t)
	for want, at := range map[string]listening{
		"go together":           {address: "127.0.0.1:0", certificate: certificate},
		"--tls-cert":            {address: "127.0.0.1:0", key: key},
		"certificate cannot be": {address: "127.0.0.1:0", certificate: key, key: certificate},
		"cannot listen on":      {address: "nowhere"},
	} {
		_, _, err := at.open()
		require.ErrorContains(t, err, want)
	}
}
