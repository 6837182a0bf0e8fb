// SPDX-License-Identifier: Apache-2.0
// The table has what web sites and APIs consist of. Everything else is application/octet-stream, which no browser runs.

/// Media types of files, by the extension of their name.
///
/// ```swift
/// assert(MediaType.ofFile(named: "index.HTML") == "text/html; charset=utf-8")
/// assert(MediaType.isWorthCompressing("image/svg+xml"))
/// ```
public enum MediaType {
  /// The value of Content-Type for a file; `application/octet-stream` for an unknown extension.
  public static func ofFile(named name: String) -> String {
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "application/octet-stream" }
    return byExtension[name[name.index(after: dot)...].lowercased()] ?? "application/octet-stream"
  }

  /// Whether compression makes it much smaller: text, JSON, XML, scripts, SVG, WebAssembly.
  ///
  /// - Parameter type: A value of Content-Type, parameters included.
  public static func isWorthCompressing(_ type: String) -> Bool {
    let essence = ByteText.trimmed(type.prefix { $0 != ";" }).lowercased()
    // Events must leave one by one.
    if essence.hasPrefix("text/") { return essence != "text/event-stream" }
    if essence.hasSuffix("+json") || essence.hasSuffix("+xml") { return true }
    return compressible.contains(essence)
  }

  private static let compressible: Set<String> = [
    "application/json", "application/javascript", "application/xml", "application/wasm", "application/manifest+json",
    "application/x-ndjson", "application/rtf", "application/sql", "application/toml", "application/yaml", "font/ttf",
    "font/otf", "image/bmp", "image/x-icon", "application/vnd.ms-fontobject",
  ]

  private static let byExtension: [String: String] = [
    "html": "text/html; charset=utf-8", "htm": "text/html; charset=utf-8", "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8", "mjs": "text/javascript; charset=utf-8",
    "txt": "text/plain; charset=utf-8", "log": "text/plain; charset=utf-8", "md": "text/markdown; charset=utf-8",
    "csv": "text/csv; charset=utf-8", "tsv": "text/tab-separated-values; charset=utf-8",
    "ics": "text/calendar; charset=utf-8", "vtt": "text/vtt; charset=utf-8", "swift": "text/plain; charset=utf-8",
    "py": "text/plain; charset=utf-8", "c": "text/plain; charset=utf-8", "h": "text/plain; charset=utf-8",
    "json": "application/json", "map": "application/json", "ndjson": "application/x-ndjson",
    "jsonl": "application/x-ndjson", "webmanifest": "application/manifest+json", "xml": "application/xml",
    "xhtml": "application/xhtml+xml", "rss": "application/rss+xml", "atom": "application/atom+xml",
    "yaml": "application/yaml", "yml": "application/yaml", "toml": "application/toml", "sql": "application/sql",
    "wasm": "application/wasm", "pdf": "application/pdf", "rtf": "application/rtf", "epub": "application/epub+zip",
    "zip": "application/zip", "gz": "application/gzip", "tgz": "application/gzip", "bz2": "application/x-bzip2",
    "xz": "application/x-xz", "zst": "application/zstd", "tar": "application/x-tar",
    "7z": "application/x-7z-compressed",
    "svg": "image/svg+xml", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif",
    "webp": "image/webp", "avif": "image/avif", "ico": "image/x-icon", "bmp": "image/bmp", "tif": "image/tiff",
    "tiff": "image/tiff", "apng": "image/apng", "heic": "image/heic",
    "mp3": "audio/mpeg", "ogg": "audio/ogg", "oga": "audio/ogg", "opus": "audio/ogg", "wav": "audio/wav",
    "flac": "audio/flac", "m4a": "audio/mp4", "aac": "audio/aac", "mid": "audio/midi",
    "mp4": "video/mp4", "m4v": "video/mp4", "webm": "video/webm", "ogv": "video/ogg", "mov": "video/quicktime",
    "mpeg": "video/mpeg", "avi": "video/x-msvideo", "mkv": "video/x-matroska", "ts": "video/mp2t",
    "m3u8": "application/vnd.apple.mpegurl", "mpd": "application/dash+xml",
    "woff": "font/woff", "woff2": "font/woff2", "ttf": "font/ttf", "otf": "font/otf",
    "eot": "application/vnd.ms-fontobject", "doc": "application/msword", "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text", "ods": "application/vnd.oasis.opendocument.spreadsheet",
  ]
}
