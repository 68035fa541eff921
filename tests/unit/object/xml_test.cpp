#include "object/xml.hpp"

#include <gtest/gtest.h>

namespace gantry::object::xml {
namespace {

TEST(Xml, s3_listing) {
  auto listing = read_listing(R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>a+b%2F</Prefix>
<KeyCount>3</KeyCount><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
<NextContinuationToken>1ueGc+/=</NextContinuationToken>
<Contents><Key>a+b%2Fx%2By</Key><LastModified>2023-11-14T22:13:20.000Z</LastModified><ETag>&quot;abc&quot;</ETag>
<Size>5</Size><StorageClass>STANDARD</StorageClass></Contents>
<CommonPrefixes><Prefix>a+b%2Fd%2F</Prefix></CommonPrefixes><CommonPrefixes><Prefix>e</Prefix><Prefix>f</Prefix></CommonPrefixes>
</ListBucketResult>)",
                              Plus::space);
  ASSERT_TRUE(listing);
  EXPECT_TRUE(listing->truncated);
  EXPECT_EQ(listing->continuation_token, "1ueGc+/=");
  ASSERT_EQ(listing->page.objects.size(), 1U);
  EXPECT_EQ(listing->page.objects[0].key, "a b/x+y");
  EXPECT_EQ(listing->page.objects[0].etag, "abc");
  EXPECT_EQ(listing->page.objects[0].size, 5U);
  EXPECT_EQ(listing->page.objects[0].modified, WallTime(Seconds(1'700'000'000)));
  EXPECT_EQ(listing->page.prefixes, (std::vector<std::string>{"a b/d/", "e", "f"}));
}

TEST(Xml, cos_listing_keeps_plus) {
  auto listing = read_listing(R"(<ListBucketResult><Name>b-1</Name><Encoding-Type>url</Encoding-Type><Prefix/>
<Marker/><IsTruncated>false</IsTruncated><NextMarker>z%20+</NextMarker><Contents><Key>a+b%20c</Key><Size>0</Size>
<ETag>"x"</ETag><LastModified>bad</LastModified><Owner><ID>1</ID></Owner></Contents></ListBucketResult>)",
                              Plus::literal);
  ASSERT_TRUE(listing);
  EXPECT_EQ(listing->page.objects.at(0).key, "a+b c");
  EXPECT_EQ(listing->page.objects.at(0).modified, WallTime{});
  EXPECT_EQ(listing->next_marker, "z +");
}

TEST(Xml, the_frame_of_a_listing_is_what_stands_around_its_names) {
  const std::string names =
      "<Contents><Key>a</Key><Size>x</Size></Contents><CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>";
  const std::string many = "<Contents><Key>" + std::string(100'000, 'k') + "</Key></Contents>";
  const std::string token = "<IsTruncated>true</IsTruncated><NextContinuationToken>t&amp;</NextContinuationToken>";
  for (const std::string& inner : {token + names, names + token, many + names + token, names + many + token}) {
    auto frame =
        read_listing_frame("<?xml version='1.0'?><ListBucketResult>" + inner + "</ListBucketResult>\n", Plus::space);
    ASSERT_TRUE(frame) << inner.substr(0, 100);
    EXPECT_TRUE(frame->truncated);
    EXPECT_EQ(frame->continuation_token, "t&");
    EXPECT_TRUE(frame->page.objects.empty());
  }
  auto marker = read_listing_frame("<ListBucketResult><EncodingType>url</EncodingType><NextMarker>z%20+</NextMarker>" +
                                       names + "</ListBucketResult>",
                                   Plus::literal);
  ASSERT_TRUE(marker);
  EXPECT_EQ(marker->next_marker, "z +");
  EXPECT_FALSE(marker->truncated);
}

TEST(Xml, a_frame_that_cannot_be_seen_is_none) {
  const std::string far = "<Name>" + std::string(100'000, 'n') + "</Name>";
  for (const std::string& text :
       {std::string(), std::string("<"), std::string("</"), std::string("<ListBucketResult></ListBucketResult>"),
        std::string("<n:ListBucketResult xmlns:n='u'><n:Contents></n:Contents></n:ListBucketResult>"),
        std::string("</Contents><Contents>"), std::string("<ListBucketResult><Contents></Contents>"),
        "<ListBucketResult>" + far + "<Contents></Contents></ListBucketResult>",
        "<ListBucketResult><Contents></Contents>" + far + "</ListBucketResult>",
        std::string("<Error><Contents></Contents></Error>")}) {
    EXPECT_FALSE(read_listing_frame(text, Plus::space)) << text.substr(0, 100);
  }
}

TEST(Xml, what_reads_like_a_document_type_may_be_a_key) {
  auto listing = read_listing(
      "<ListBucketResult><Contents><Key><![CDATA[<!DOCTYPE a>]]></Key><Size>1</Size></Contents></ListBucketResult>",
      Plus::space);
  ASSERT_TRUE(listing);
  EXPECT_EQ(listing->page.objects.at(0).key, "<!DOCTYPE a>");
}

TEST(Xml, listing_not_encoded_is_taken_literally) {
  auto listing = read_listing(
      "<ns:ListBucketResult xmlns:ns='u'><ns:Contents><ns:Key>a%20b+</ns:Key><ns:Size>1</ns:Size></ns:Contents>"
      "<ns:Contents><ns:Key> </ns:Key><ns:Size>1</ns:Size></ns:Contents></ns:ListBucketResult>",
      Plus::space);
  ASSERT_TRUE(listing);
  EXPECT_EQ(listing->page.objects.at(0).key, "a%20b+");
  EXPECT_EQ(listing->page.objects.at(1).key, " ");
}

TEST(Xml, broken_listings_are_refused) {
  auto contents = [](std::string inner) {
    return "<ListBucketResult><EncodingType>url</EncodingType><Contents>" + inner + "</Contents></ListBucketResult>";
  };
  EXPECT_TRUE(read_listing(contents("<Key>a</Key><Size>1</Size>"), Plus::space));
  EXPECT_FALSE(read_listing(contents("<Key>a</Key>"), Plus::space));
  EXPECT_FALSE(read_listing(contents("<Key>a</Key><Size>-1</Size>"), Plus::space));
  EXPECT_FALSE(read_listing(contents("<Key>a</Key><Size>1x</Size>"), Plus::space));
  EXPECT_FALSE(read_listing(contents("<Key>a</Key><Size>99999999999999999999</Size>"), Plus::space));
  EXPECT_FALSE(read_listing(contents("<Key></Key><Size>1</Size>"), Plus::space));
  EXPECT_FALSE(read_listing(contents("<Key>%zz</Key><Size>1</Size>"), Plus::space));
  EXPECT_FALSE(read_listing("", Plus::space));
  EXPECT_FALSE(read_listing("<Error/>", Plus::space));
  EXPECT_FALSE(read_listing("<ListBucketResult>", Plus::space));
  EXPECT_FALSE(read_listing("<html><body>Login</body></html>", Plus::space));
  EXPECT_FALSE(read_listing("<!DOCTYPE a [<!ENTITY b 'c'>]><ListBucketResult></ListBucketResult>", Plus::space));
  EXPECT_FALSE(read_listing("<?xml version='1.0'?>\n<!-- a --><!DOCTYPE a><ListBucketResult/>", Plus::space));
  EXPECT_FALSE(read_listing("<ListBucketResult><!DOCTYPE a></ListBucketResult>", Plus::space));
  EXPECT_FALSE(read_listing(std::string(max_document + 1, ' ') + "<ListBucketResult/>", Plus::space));
}

TEST(Xml, errors_of_both) {
  auto cos = read_error(R"(<?xml version='1.0' encoding='utf-8' ?>
<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Resource>b/k</Resource>
<RequestId>NTk</RequestId><TraceId>OGVm</TraceId><ServerTime>2023-11-14T22:13:20Z</ServerTime></Error>)");
  ASSERT_TRUE(cos);
  EXPECT_EQ(cos->code, "NoSuchKey");
  EXPECT_EQ(cos->request_id, "NTk");
  EXPECT_EQ(cos->server_time, WallTime(Seconds(1'700'000'000)));
  auto s3 = read_error(
      "\n\n  <Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message><Region>eu-west-1</Region></Error>");
  ASSERT_TRUE(s3);
  EXPECT_EQ(s3->region, "eu-west-1");
  EXPECT_FALSE(read_error("<CopyObjectResult/>"));
}

TEST(Xml, an_error_is_known_by_its_first_element) {
  for (const char* text :
       {"<Error/>", "<Error xmlns='u'></Error>", "<e:Error xmlns:e='u'></e:Error>", "<Error\n></Error>",
        "\xef\xbb\xbf<?xml version='1.0'?><Error></Error>", "<?xml version='1.0'?> <!-- <a> --> <Error/>"})
    EXPECT_TRUE(read_error(text)) << text;
  for (const char* text : {"", "Error", "<", "<Errors/>", "<a><Error/></a>", "<?xml version='1.0'", "<!-- <Error/>",
                           "<!-- --", "<Error>", "<!DOCTYPE a><Error/>"})
    EXPECT_FALSE(read_error(text)) << text;
}

TEST(Xml, written_needs_an_etag) {
  auto joined = read_written(
      " \n \n<?xml version=\"1.0\"?><CompleteMultipartUploadResult xmlns=\"u\"><Location>l</Location>"
      "<ETag>&quot;abc-2&quot;</ETag></CompleteMultipartUploadResult>");
  ASSERT_TRUE(joined);
  EXPECT_EQ(joined->etag, "abc-2");
  EXPECT_EQ(joined->crc64, std::nullopt);
  auto copied =
      read_written("<CopyObjectResult><ETag>\"e\"</ETag><CRC64>18446744073709551615</CRC64></CopyObjectResult>");
  ASSERT_TRUE(copied);
  EXPECT_EQ(copied->crc64, ~std::uint64_t{0});
  EXPECT_TRUE(read_written("<CopyPartResult><ETag>e</ETag></CopyPartResult>"));
  EXPECT_FALSE(read_written("<CopyObjectResult></CopyObjectResult>"));
  EXPECT_FALSE(read_written("<Error><ETag>e</ETag></Error>"));
  EXPECT_FALSE(read_written("   \n  "));
}

TEST(Xml, parts_and_uploads) {
  auto parts = read_parts(
      "<ListPartsResult><Encoding-type>url</Encoding-type><IsTruncated>true</IsTruncated>"
      "<NextPartNumberMarker>2</NextPartNumberMarker><Part><PartNumber>1</PartNumber>"
      "<LastModified>Wed Jan 18 16:04:17 2017</LastModified><ETag>\"a\"</ETag><Size>7</Size></Part>"
      "<Part><PartNumber>2</PartNumber><ETag>b</ETag><Size>1</Size></Part></ListPartsResult>");
  ASSERT_TRUE(parts);
  EXPECT_TRUE(parts->truncated);
  EXPECT_EQ(parts->next_marker, 2U);
  EXPECT_EQ(parts->parts.at(0).etag, "a");
  EXPECT_EQ(parts->parts.at(1).size, 1U);

  auto uploads = read_uploads(
      "<ListMultipartUploadsResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
      "<NextKeyMarker>a%20b</NextKeyMarker><NextUploadIdMarker>u2</NextUploadIdMarker>"
      "<Upload><Key>a%2Fb</Key><UploadID>u1</UploadID><Initiated>Wed Jan 18 16:04:17 2017</Initiated></Upload>"
      "<Upload><Key>c</Key><UploadId>u2</UploadId></Upload></ListMultipartUploadsResult>",
      Plus::literal);
  ASSERT_TRUE(uploads);
  EXPECT_EQ(uploads->next_key_marker, "a b");
  EXPECT_EQ(uploads->next_upload_marker, "u2");
  EXPECT_EQ(uploads->uploads.at(0).key, "a/b");
  EXPECT_EQ(uploads->uploads.at(0).upload_id, "u1");
  EXPECT_NE(uploads->uploads.at(0).started, WallTime{});
  EXPECT_EQ(read_upload_id("<InitiateMultipartUploadResult><UploadId>x</UploadId></InitiateMultipartUploadResult>"),
            "x");
  EXPECT_EQ(read_upload_id("<InitiateMultipartUploadResult/>"), std::nullopt);
}

TEST(Xml, delete_result) {
  auto failures = read_delete_result(
      "<DeleteResult xmlns=\"u\"><Deleted><Key>ok</Key></Deleted>"
      "<Error><Key>k&amp;</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>");
  ASSERT_TRUE(failures);
  ASSERT_EQ(failures->size(), 1U);
  EXPECT_EQ(failures->at(0).key, "k&");
  EXPECT_EQ(failures->at(0).code, "AccessDenied");
  EXPECT_TRUE(read_delete_result("<DeleteResult/>"));
}

TEST(Xml, bodies) {
  EXPECT_EQ(write_complete({{1, 5, "a", {}}, {3, 5, "b", {}}}, ""),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><CompleteMultipartUpload>"
            "<Part><PartNumber>1</PartNumber><ETag>&quot;a&quot;</ETag></Part>"
            "<Part><PartNumber>3</PartNumber><ETag>&quot;b&quot;</ETag></Part></CompleteMultipartUpload>");
  EXPECT_EQ(write_delete({"a<&>\"b"}, "urn:x"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Delete xmlns=\"urn:x\"><Quiet>true</Quiet>"
            "<Object><Key>a&lt;&amp;&gt;&quot;b</Key></Object></Delete>");
}

}  // namespace
}  // namespace gantry::object::xml
