// Reads a log over HTTP and believes nothing of it: Go's own x/mod/sumdb does the checking.
//
//	main [-old FILE] [-witness KEY] [-proof FILE] [-sample N] URL KEY
//
// URL is the prefix of a C2SP tlog-tiles log, KEY its verifier key. Exit code 0: all of it holds.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"

	"sumdb/note"
	"sumdb/tlog"
)

const height = 8

type reader struct {
	prefix string
	read   map[string][]byte
}

func (r reader) get(path string) ([]byte, error) {
	if known, ok := r.read[path]; ok {
		return known, nil
	}
	data, err := r.fetch(path)
	r.read[path] = data
	return data, err
}

func (r reader) fetch(path string) ([]byte, error) {
	answer, err := http.Get(r.prefix + "/" + path)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, answer.Status)
	}
	return io.ReadAll(answer.Body)
}

func (r reader) Height() int { return height }

func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	found := make([][]byte, len(tiles))
	for i, tile := range tiles {
		data, err := r.get(path(fmt.Sprint(tile.L), tile.N, tile.W))
		if err != nil {
			return nil, err
		}
		found[i] = data
	}
	return found, nil
}

func (r reader) SaveTiles([]tlog.Tile, [][]byte) {}

func path(level string, number int64, width int) string {
	digits := fmt.Sprintf("%03d", number%1000)
	for number >= 1000 {
		number /= 1000
		digits = fmt.Sprintf("x%03d/%s", number%1000, digits)
	}
	if width < 1<<height {
		digits += fmt.Sprintf(".p/%d", width)
	}
	return "tile/" + level + "/" + digits
}

// open verifies a checkpoint and returns its tree and the note itself.
func open(text []byte, verifier note.Verifier) (tlog.Tree, *note.Note, error) {
	var tree tlog.Tree
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tree, nil, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tree, nil, errors.New("a checkpoint of another log")
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, nil, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, opened, err
}

// entries reads all leaves and recomputes the root from them.
func (r reader) entries(tree tlog.Tree) ([]tlog.Hash, error) {
	var leaves []tlog.Hash
	var stored []tlog.Hash
	hashes := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = stored[index]
		}
		return found, nil
	})
	for number := int64(0); int64(len(leaves)) < tree.N; number++ {
		width := tree.N - number<<height
		if width > 1<<height {
			width = 1 << height
		}
		data, err := r.get(path("entries", number, int(width)))
		if err != nil {
			return nil, err
		}
		for ; width > 0; width-- {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return nil, errors.New("a bundle is cut off")
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			made, err := tlog.StoredHashes(int64(len(leaves)), data[2:end], hashes)
			if err != nil {
				return nil, err
			}
			leaves, stored, data = append(leaves, made[0]), append(stored, made...), data[end:]
		}
		if len(data) > 0 {
			return nil, errors.New("a bundle is too long")
		}
	}
	root, err := tlog.TreeHash(tree.N, hashes)
	if err == nil && root != tree.Hash {
		err = errors.New("the entries are not those below the checkpoint")
	}
	return leaves, err
}

// cosigned verifies a witness's signature as C2SP tlog-cosignature describes it.
func cosigned(opened *note.Note, witness string) error {
	parts := strings.SplitN(witness, "+", 3)
	if len(parts) != 3 {
		return errors.New("not a key")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 33 || key[0] != 4 {
		return errors.New("not the key of a witness")
	}
	id := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	for _, each := range opened.UnverifiedSigs {
		blob, err := base64.StdEncoding.DecodeString(each.Base64)
		if err != nil || each.Name != parts[0] || len(blob) != 76 || !bytes.Equal(blob[:4], id[:4]) {
			continue
		}
		at := binary.BigEndian.Uint64(blob[4:])
		message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", at, opened.Text)
		if ed25519.Verify(key[1:], []byte(message), blob[12:]) {
			return nil
		}
	}
	return errors.New("the witness did not sign")
}

// receipt verifies a tlog-proof whose extra line holds the leaf.
func receipt(text []byte, verifier note.Verifier) error {
	parts := strings.SplitN(string(text), "\n\n", 2)
	lines := strings.Split(parts[0], "\n")
	if len(parts) != 2 || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("not a tlog-proof")
	}
	leaf, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	tree, _, err := open([]byte(parts[1]), verifier)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(leaf))
}

func check(old, witness, proof string, sample int64, prefix, key string) error {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return err
	}
	r := reader{prefix, map[string][]byte{}}
	text, err := r.get("checkpoint")
	if err != nil {
		return err
	}
	tree, opened, err := open(text, verifier)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if witness != "" {
		if err := cosigned(opened, witness); err != nil {
			return err
		}
	}
	leaves, err := r.entries(tree)
	if err != nil {
		return fmt.Errorf("entries: %w", err)
	}
	tiles := tlog.TileHashReader(tree, r)
	for i := int64(0); i < sample; i++ {
		at := (tree.N - 1) * i / (sample - 1)
		path, err := tlog.ProveRecord(tree.N, at, tiles)
		if err != nil {
			return fmt.Errorf("tiles: %w", err)
		}
		if err := tlog.CheckRecord(path, tree.N, tree.Hash, at, leaves[at]); err != nil {
			return fmt.Errorf("entry %d: %w", at, err)
		}
	}
	if old != "" {
		held, err := os.ReadFile(old)
		if err != nil {
			return err
		}
		before, _, err := open(held, verifier)
		if err != nil {
			return fmt.Errorf("held: %w", err)
		}
		growth, err := tlog.ProveTree(tree.N, before.N, tiles)
		if err != nil {
			return fmt.Errorf("growth: %w", err)
		}
		if err := tlog.CheckTree(growth, tree.N, tree.Hash, before.N, before.Hash); err != nil {
			return fmt.Errorf("growth: %w", err)
		}
	}
	if proof != "" {
		text, err := os.ReadFile(proof)
		if err != nil {
			return err
		}
		if err := receipt(text, verifier); err != nil {
			return fmt.Errorf("receipt: %w", err)
		}
	}
	fmt.Printf("verified %d entries\n", tree.N)
	return nil
}

func main() {
	log.SetFlags(0)
	old := flag.String("old", "", "a checkpoint that was kept")
	witness := flag.String("witness", "", "the key of a witness that must have signed")
	proof := flag.String("proof", "", "a .tlog-proof file")
	sample := flag.Int64("sample", 200, "how many entries to prove")
	flag.Parse()
	if err := check(*old, *witness, *proof, *sample, flag.Arg(0), flag.Arg(1)); err != nil {
		log.Fatalf("NOT VERIFIED: %v", err)
	}
}
