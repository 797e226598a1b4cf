//go:build gcs

package assets

import _ "gocloud.dev/blob/gcsblob" // gs://
