"""A small signing S3 client (AWS signature version 4), to look at a bucket behind Gantry's back."""

import hashlib
import hmac
import http.client
import time
import urllib.parse
import xml.etree.ElementTree as ElementTree


class S3Error(Exception):
    def __init__(self, status, body):
        super().__init__(f"HTTP {status}: {body[:300]!r}")
        self.status = status


class Bucket:
    """One bucket at http://host:port, addressed by path. One connection a request: slow and simple."""

    def __init__(self, endpoint, bucket, access_key, secret_key, region="us-east-1"):
        self.netloc = urllib.parse.urlsplit(endpoint).netloc
        self.bucket, self.region = bucket, region
        self.access_key, self.secret_key = access_key, secret_key

    def request(self, method, key="", query=None, body=b"", timeout=60):
        """Returns the body; S3Error for anything but 2xx."""
        path = "/" + urllib.parse.quote(self.bucket + ("/" + key if key else ""), safe="/-._~")
        query_text = "&".join(
            f"{urllib.parse.quote(k, safe='-._~')}={urllib.parse.quote(v, safe='-._~')}"
            for k, v in sorted((query or {}).items())
        )
        headers = {
            "host": self.netloc,
            "x-amz-content-sha256": hashlib.sha256(body).hexdigest(),
            "x-amz-date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
        }
        headers["authorization"] = self._authorization(method, path, query_text, headers)
        connection = http.client.HTTPConnection(self.netloc, timeout=timeout)
        try:
            connection.request(method, path + ("?" + query_text if query_text else ""), body or None, headers)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if not 200 <= response.status < 300:
            raise S3Error(response.status, content)
        return content

    def _authorization(self, method, path, query_text, headers):
        names = ";".join(sorted(headers))
        canonical = "\n".join(
            [method, path, query_text, *(f"{n}:{headers[n]}" for n in sorted(headers)), "", names]
            + [headers["x-amz-content-sha256"]]
        )
        day = headers["x-amz-date"][:8]
        scope = f"{day}/{self.region}/s3/aws4_request"
        to_sign = "\n".join(
            ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()]
        )
        secret = ("AWS4" + self.secret_key).encode()
        for part in (day, self.region, "s3", "aws4_request", to_sign):
            secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
        return (
            f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}, "
            f"SignedHeaders={names}, Signature={secret.hex()}"
        )

    def _listing(self, query):
        root = ElementTree.fromstring(self.request("GET", query=query))
        for element in root.iter():
            element.tag = element.tag.rpartition("}")[2]
        return root

    def keys(self, prefix=""):
        """Every key below the prefix, with its size."""
        found, token = {}, None
        while True:
            query = {"list-type": "2", "prefix": prefix, "encoding-type": "url"}
            if token:
                query["continuation-token"] = token
            root = self._listing(query)
            for item in root.iter("Contents"):
                found[urllib.parse.unquote_plus(item.findtext("Key"))] = int(item.findtext("Size"))
            token = root.findtext("NextContinuationToken")
            if root.findtext("IsTruncated") != "true" or not token:
                return found

    def open_uploads(self):
        """(key, upload id) of each multipart upload that is neither completed nor aborted."""
        root = self._listing({"uploads": ""})
        return [(item.findtext("Key"), item.findtext("UploadId")) for item in root.iter("Upload")]
