package dev.millrace.job.io;

import java.nio.ByteBuffer;
import java.util.Optional;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.requests.EndTxnRequest;
import org.apache.kafka.common.requests.RequestHeader;

/**
 * What a Kafka client sends to commit a transaction.
 *
 * @param transactionalId of its producer
 */
public record CommitRequest(String transactionalId) {

  /**
   * Reads one.
   *
   * @param request as it is on the wire, without its length
   * @return empty if it is any other request, such as one that aborts
   */
  public static Optional<CommitRequest> read(byte[] request) {
    if (request.length < Short.BYTES || ByteBuffer.wrap(request).getShort() != ApiKeys.END_TXN.id) {
      return Optional.empty();
    }
    ByteBuffer bytes = ByteBuffer.wrap(request);
    RequestHeader header = RequestHeader.parse(bytes);
    EndTxnRequest ends = EndTxnRequest.parse(new ByteBufferAccessor(bytes), header.apiVersion());
    return ends.data().committed()
        ? Optional.of(new CommitRequest(ends.data().transactionalId()))
        : Optional.empty();
  }
}
