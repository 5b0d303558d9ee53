package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.message.EndTxnRequestData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.requests.AbstractRequest;
import org.apache.kafka.common.requests.EndTxnRequest;
import org.apache.kafka.common.requests.MetadataRequest;
import org.apache.kafka.common.requests.RequestHeader;
import org.junit.jupiter.api.Test;

class CommitRequestTest {

  @Test
  void read_endOfATransactionInEveryVersion_isACommitOrNone() {
    List<Short> versions = ApiKeys.END_TXN.allVersions();
    for (short version : versions) {
      assertEquals(Optional.of(new CommitRequest("one")), CommitRequest.read(end(version, true)));
      assertEquals(Optional.empty(), CommitRequest.read(end(version, false)));
    }
  }

  @Test
  void read_anythingElse_isNone() {
    var metadata = new MetadataRequest(new MetadataRequestData(), (short) 9);
    assertEquals(Optional.empty(), CommitRequest.read(bytes(metadata)));
    assertEquals(Optional.empty(), CommitRequest.read(new byte[0]));
    assertEquals(Optional.empty(), CommitRequest.read(new byte[1]));
  }

  private static byte[] end(short version, boolean committed) {
    EndTxnRequestData data =
        new EndTxnRequestData()
            .setTransactionalId("one")
            .setProducerId(7)
            .setProducerEpoch((short) 3)
            .setCommitted(committed);
    return bytes(new EndTxnRequest.Builder(data, true).build(version));
  }

  private static byte[] bytes(AbstractRequest request) {
    ByteBuffer bytes =
        request.serializeWithHeader(
            new RequestHeader(request.apiKey(), request.version(), "a client", 11));
    byte[] all = new byte[bytes.remaining()];
    bytes.get(all);
    return all;
  }
}
