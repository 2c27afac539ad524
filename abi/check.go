package abi

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The rules of SPEC.md for answers, beyond what decoding sees. Whoever reads an answer applies them: the host to guests,
// sdktest to plugins under test.

// Check holds an auth plugin's answer against ABI v1. It does not know the time: whether Expires has passed is for the
// host to say.
func (a *AuthAnswer) Check() error {
	switch {
	case (a.Principal != nil) == (a.Refused != ""):
		return errors.New("the answer must have either principal or refused")
	case len(a.Refused) > MaxReason:
		return fmt.Errorf("refused has %d bytes, at most %d allowed", len(a.Refused), MaxReason)
	case a.Principal == nil && a.Cacheable:
		return errors.New("a refusal is never cacheable")
	case a.Principal == nil:
		return nil
	}
	return a.Principal.Check()
}

// Check holds a principal against ABI v1.
func (p *Principal) Check() error {
	if len(p.ID) < 1 || len(p.ID) > MaxPrincipal {
		return fmt.Errorf("principal has %d bytes, 1 to %d allowed", len(p.ID), MaxPrincipal)
	}
	for i := range len(p.ID) {
		if p.ID[i] <= ' ' || p.ID[i] > '~' {
			return fmt.Errorf("principal %q has a character outside printable ASCII", p.ID)
		}
	}
	for _, reserved := range [...]string{"host/", "plugin/", "system/"} {
		if strings.HasPrefix(p.ID, reserved) {
			return fmt.Errorf("principal %q has the reserved prefix %s", p.ID, reserved)
		}
	}
	if _, err := time.Parse(time.RFC3339, p.Expires); err != nil {
		return fmt.Errorf("expires %.40q is no RFC 3339 time", p.Expires)
	}
	return nil
}

// Check holds a policy plugin's answer to a request of this phase against ABI v1.
func (a *PolicyAnswer) Check(phase Phase) error {
	switch {
	case a.Reason == "" || len(a.Reason) > MaxReason:
		return fmt.Errorf("a decision needs a reason of 1 to %d bytes", MaxReason)
	case a.Decision == Redact && phase == PhaseAfter:
		if a.Result == nil {
			return errors.New("redact needs a result")
		}
		return a.Result.Check()
	case a.Decision != Allow && a.Decision != Deny:
		return fmt.Errorf("no decision %.20q in phase %s", string(a.Decision), phase)
	case a.Result != nil:
		return errors.New("only redact carries a result")
	}
	return nil
}

// Check holds a tool's answer against ABI v1: known content types with exactly their members, valid base64, an object as
// structured.
func (a *ToolAnswer) Check() error {
	for i := range a.Content {
		if err := a.Content[i].Check(); err != nil {
			return fmt.Errorf("content %d: %w", i, err)
		}
	}
	if s := a.Structured; s != nil && (len(s) == 0 || s[0] != '{') {
		return errors.New("structured is not an object")
	}
	return nil
}

// Check holds one block against ABI v1.
func (c *Content) Check() error {
	text, data, mime, uri := c.Text != "", c.Data != "", c.MIMEType != "", c.URI != ""
	if data {
		if _, err := base64.StdEncoding.Strict().DecodeString(c.Data); err != nil || strings.ContainsAny(c.Data, "\r\n") {
			return errors.New("data is not base64")
		}
	}
	switch c.Type {
	case ContentText:
		if data || mime || uri {
			return errors.New("text has only the member text")
		}
	case ContentImage, ContentAudio:
		if text || uri || !data || !mime {
			return fmt.Errorf("%s has exactly the members data and mime_type", c.Type)
		}
	case ContentResource:
		if !uri || text && data {
			return errors.New("resource needs uri, and text or data")
		}
	default:
		return fmt.Errorf("unknown type %.20q", c.Type)
	}
	return nil
}
