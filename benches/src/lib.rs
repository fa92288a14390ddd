//! The [race] between all levels, and what the benchmarks of the core share: the requests
//! they send, and the core driven in memory.

pub mod memory;
pub mod race;

/// A small request, as load generators send it: three fields.
pub const SMALL: &[u8] =
    b"GET /hello HTTP/1.1\r\nHost: 127.0.0.1:8001\r\nUser-Agent: blast\r\nAccept: */*\r\n\r\n";

/// A request of the size and kind a browser sends: sixteen fields.
pub const BROWSER: &[u8] = b"GET /hello?id=12345&lang=en HTTP/1.1\r\n\
    Host: www.example.com\r\n\
    Connection: keep-alive\r\n\
    sec-ch-ua: \"Chromium\";v=\"124\", \"Browser\";v=\"124\", \"Not-A.Brand\";v=\"99\"\r\n\
    sec-ch-ua-mobile: ?0\r\n\
    sec-ch-ua-platform: \"Linux\"\r\n\
    Upgrade-Insecure-Requests: 1\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8\r\n\
    Sec-Fetch-Site: none\r\n\
    Sec-Fetch-Mode: navigate\r\n\
    Sec-Fetch-User: ?1\r\n\
    Sec-Fetch-Dest: document\r\n\
    Referer: https://www.example.com/where/the/visitor/came/from\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-US,en;q=0.9\r\n\
    Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\r\n";
