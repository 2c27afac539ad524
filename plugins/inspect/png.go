package main

import (
	"bytes"
	"image/color"
	"image/png"
)

// decodePNG looks at the size before it decodes, so that a few bytes can't unfold into a huge picture.
func decodePNG(file []byte) (p picture, err error) {
	size, err := png.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return p, complaint("The PNG is damaged.")
	}
	if size.Width != side || size.Height != side {
		return p, errSize
	}
	rest := bytes.NewReader(file)
	decoded, err := png.Decode(rest)
	if err != nil || rest.Len() > 0 {
		return p, complaint("The PNG is damaged.")
	}
	for i := range p {
		c := decoded.At(i%side, i/side)
		if _, _, _, alpha := c.RGBA(); alpha != 0xffff {
			return p, complaint("The image is transparent in places: flatten it first.")
		}
		p[i] = color.GrayModel.Convert(c).(color.Gray).Y
	}
	return p, nil
}

const errSize = complaint("The image is not 28 by 28 pixels.")
