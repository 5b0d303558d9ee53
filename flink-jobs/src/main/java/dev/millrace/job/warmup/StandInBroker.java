package dev.millrace.job.warmup;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData.AddPartitionsToTxnPartitionResult;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData.AddPartitionsToTxnPartitionResultCollection;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData.AddPartitionsToTxnTopicResult;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData.AddPartitionsToTxnTopicResultCollection;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersionCollection;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.FindCoordinatorResponseData.Coordinator;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseBroker;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseBrokerCollection;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponsePartition;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseTopic;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseTopicCollection;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.message.ProduceResponseData.TopicProduceResponse;
import org.apache.kafka.common.message.ProduceResponseData.TopicProduceResponseCollection;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.RequestUtils;
import org.apache.kafka.common.requests.ResponseHeader;

/**
 * Says to Kafka's clients what lets them go through their motions: it leads and coordinates all,
 * has one topic of one partition, takes every record and keeps none.
 */
final class StandInBroker implements AutoCloseable {
  static final String TOPIC = "warm-up";

  private static final String HOST = InetAddress.getLoopbackAddress().getHostAddress();
  private static final Uuid TOPIC_ID = new Uuid(1, 1);
  private static final int LARGEST_REQUEST = 1 << 20;

  private final ServerSocket socket;

  StandInBroker() throws IOException {
    this.socket = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
    begin(this::accept);
  }

  String address() {
    return HOST + ":" + socket.getLocalPort();
  }

  private static void begin(Runnable work) {
    Thread thread = new Thread(work, "warm-up broker");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      while (true) {
        Socket client = socket.accept();
        begin(() -> talk(client));
      }
    } catch (IOException closed) {
      // the clients are done
    }
  }

  private void talk(Socket client) {
    try (client) {
      DataInputStream in = new DataInputStream(client.getInputStream());
      DataOutputStream out = new DataOutputStream(client.getOutputStream());
      while (true) {
        int size = in.readInt();
        if (size < 0 || size > LARGEST_REQUEST) {
          throw new IOException("a request of " + size + " bytes, expected a client of Kafka");
        }
        ByteBuffer request = ByteBuffer.wrap(in.readNBytes(size));
        ByteBuffer response = answer(RequestHeader.parse(request), request);
        out.writeInt(response.remaining());
        out.write(response.array(), response.arrayOffset(), response.remaining());
      }
    } catch (IOException | RuntimeException gone) {
      // a client that has no use for this broker closes its connection, or waits for its time-out
    }
  }

  private ByteBuffer answer(RequestHeader header, ByteBuffer request) {
    short version = header.apiVersion();
    Message answer =
        switch (header.apiKey()) {
          case API_VERSIONS -> apiVersions();
          case METADATA -> metadata();
          case FIND_COORDINATOR ->
              coordinators(
                  new FindCoordinatorRequestData(new ByteBufferAccessor(request), version));
          case INIT_PRODUCER_ID ->
              new InitProducerIdResponseData().setProducerId(1).setProducerEpoch((short) 0);
          case ADD_PARTITIONS_TO_TXN -> added();
          case PRODUCE -> produced();
          default -> header.apiKey().messageType.newResponse();
        };
    ResponseHeader responds = header.toResponseHeader();
    return RequestUtils.serialize(responds.data(), responds.headerVersion(), answer, version);
  }

  private static ApiVersionsResponseData apiVersions() {
    ApiVersionCollection all = new ApiVersionCollection();
    Set<ApiKeys> offered = EnumSet.copyOf(ApiKeys.clientApis());
    offered.remove(ApiKeys.GET_TELEMETRY_SUBSCRIPTIONS);
    for (ApiKeys api : offered) {
      all.add(
          new ApiVersion()
              .setApiKey(api.id)
              .setMinVersion(api.oldestVersion())
              .setMaxVersion(api.latestVersion()));
    }
    return new ApiVersionsResponseData().setApiKeys(all);
  }

  private MetadataResponseData metadata() {
    MetadataResponseBrokerCollection brokers = new MetadataResponseBrokerCollection();
    brokers.add(new MetadataResponseBroker().setHost(HOST).setPort(socket.getLocalPort()));
    MetadataResponseTopicCollection topics = new MetadataResponseTopicCollection();
    topics.add(
        new MetadataResponseTopic()
            .setName(TOPIC)
            .setTopicId(TOPIC_ID)
            .setPartitions(
                List.of(
                    new MetadataResponsePartition()
                        .setReplicaNodes(List.of(0))
                        .setIsrNodes(List.of(0)))));
    return new MetadataResponseData()
        .setClusterId(TOPIC)
        .setControllerId(0)
        .setBrokers(brokers)
        .setTopics(topics);
  }

  private FindCoordinatorResponseData coordinators(FindCoordinatorRequestData asked) {
    return new FindCoordinatorResponseData()
        .setCoordinators(
            asked.coordinatorKeys().stream()
                .map(
                    key ->
                        new Coordinator().setKey(key).setHost(HOST).setPort(socket.getLocalPort()))
                .toList());
  }

  private static AddPartitionsToTxnResponseData added() {
    AddPartitionsToTxnPartitionResultCollection partitions =
        new AddPartitionsToTxnPartitionResultCollection();
    partitions.add(new AddPartitionsToTxnPartitionResult());
    AddPartitionsToTxnTopicResultCollection topics = new AddPartitionsToTxnTopicResultCollection();
    topics.add(
        new AddPartitionsToTxnTopicResult().setName(TOPIC).setResultsByPartition(partitions));
    return new AddPartitionsToTxnResponseData().setResultsByTopicV3AndBelow(topics);
  }

  private static ProduceResponseData produced() {
    TopicProduceResponseCollection topics = new TopicProduceResponseCollection();
    topics.add(
        new TopicProduceResponse()
            .setName(TOPIC)
            .setTopicId(TOPIC_ID)
            .setPartitionResponses(List.of(new PartitionProduceResponse())));
    return new ProduceResponseData().setResponses(topics);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
