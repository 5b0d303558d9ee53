package dev.millrace.job.bench;

import dev.millrace.adapter.exchange.Codecs;
import dev.millrace.adapter.exchange.Exchange;
import dev.millrace.adapter.exchange.ExchangeConfig;
import dev.millrace.adapter.exchange.Shape;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Span;
import dev.millrace.adapter.train.TrainConfig;
import dev.millrace.adapter.train.Trainer;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A process of two trainers that exchanges gradients with another one over a socket. It answers
 * {@code flat N} and {@code ours N} with seconds of computing, of exchanging, and bytes sent.
 */
final class ExchangeProbe {

  private static final int TRAINERS = 2;
  private static final int TEXTS = 64;

  private final int index;
  private final TrainConfig config;
  private final Trainer trainer;
  private final ExchangeMaterial material;
  private final AdapterState fresh;
  private final DataInputStream in;
  private final DataOutputStream out;
  private final ExecutorService writer = Executors.newSingleThreadExecutor();
  private long sent;

  private ExchangeProbe(BaseModel base, int index, Socket socket, ExchangeMaterial material)
      throws IOException {
    this.index = index;
    this.config = ExchangeMaterial.config(ExchangeMaterial.ROWS);
    this.trainer = Trainer.of(base, config, ExchangeMaterial.plan(1));
    this.material = material;
    this.fresh = ExchangeMaterial.fresh(base, 1);
    socket.setTcpNoDelay(true);
    this.in = new DataInputStream(socket.getInputStream());
    this.out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
  }

  /** The process: a checkpoint, 0 for who connects and 1 for who listens, a seed. */
  public static void main(String[] args) throws Exception {
    int index = Integer.parseInt(args[1]);
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    ExchangeMaterial material =
        ExchangeMaterial.read(Path.of(args[0]), TEXTS, Long.parseLong(args[2]));
    try (BaseModel base = DjlModels.open(Path.of(args[0]), Precision.INT8);
        Socket socket = index == 1 ? listen() : connect(lines)) {
      ExchangeProbe probe = new ExchangeProbe(base, index, socket, material);
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] words = line.split(" ", 2);
        answer(probe.run(words[0].equals("flat"), Integer.parseInt(words[1])));
      }
      probe.writer.shutdown();
    }
  }

  private static void answer(String line) {
    System.out.println(ChildJvm.ANSWER + line);
    System.out.flush();
  }

  private static Socket listen() throws IOException {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      answer(Integer.toString(server.getLocalPort()));
      return server.accept();
    }
  }

  private static Socket connect(BufferedReader lines) throws IOException {
    int port = Integer.parseInt(lines.readLine().split(" ", 2)[1]);
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    answer("connected");
    return socket;
  }

  private String run(boolean flat, int steps) throws Exception {
    ExchangeConfig shipped = ExchangeBenchmark.SHIPPED;
    int each = flat ? 1 : shipped.steps();
    Exchange exchange =
        new Exchange(Codecs.named(flat ? "dense" : shipped.codec()), Shape.of(fresh.weights()));
    AdapterState state = fresh;
    float[][] memories = {exchange.noMemory(), exchange.noMemory()};
    double compute = 0;
    double crossing = 0;
    sent = 0;
    for (int done = 0; done < steps; done += each) {
      long started = System.nanoTime();
      List<float[]> found = new ArrayList<>();
      for (int t = 0; t < TRAINERS; t++) {
        int at = (done * TRAINERS + t * each) * ExchangeMaterial.ROWS % TEXTS;
        int to = Math.min(TEXTS, at + each * ExchangeMaterial.ROWS);
        found.add(trainer.train(state, material.lesson(at, to, 1), Governor.none()).gradient());
      }
      compute += (System.nanoTime() - started) / 1e9;
      meet();
      long met = System.nanoTime();
      float[] together = flat ? meanOfAll(exchange, found) : through(exchange, found, memories);
      crossing += (System.nanoTime() - met) / 1e9;
      long got = System.nanoTime();
      state = Trainer.follow(config, state, together, new Span(0, each, each));
      compute += (System.nanoTime() - got) / 1e9;
    }
    return compute + " " + crossing + " " + sent;
  }

  /** Waits until the other process has come as far. */
  private void meet() throws IOException {
    out.write(1);
    out.flush();
    if (in.read() != 1) {
      throw new IOException("the other process ended");
    }
  }

  /** Every trainer's gradients go to the other process. */
  private float[] meanOfAll(Exchange exchange, List<float[]> found)
      throws IOException, InterruptedException {
    List<byte[]> mine =
        found.stream()
            .map(gradient -> exchange.send(List.of(gradient), exchange.noMemory()).message())
            .toList();
    Future<?> written =
        writer.submit(
            () -> {
              for (byte[] message : mine) {
                write(message);
              }
              return null;
            });
    List<byte[]> theirs = new ArrayList<>();
    for (int i = 0; i < TRAINERS; i++) {
      theirs.add(read());
    }
    try {
      written.get();
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    }
    List<byte[]> all = new ArrayList<>(index == 0 ? mine : theirs);
    all.addAll(index == 0 ? theirs : mine);
    return mean(exchange, all, exchange.noMemory()).gradient();
  }

  /** As the job does: process 0 gets the mean of the other's and sends back that of both. */
  private float[] through(Exchange exchange, List<float[]> found, float[][] memories)
      throws IOException {
    Exchange.Sent own = exchange.send(found, memories[0]);
    memories[0] = own.memory();
    if (index == 1) {
      write(own.message());
      return exchange.receive(read());
    }
    Mean mean = mean(exchange, List.of(own.message(), read()), memories[1]);
    memories[1] = mean.memory();
    write(mean.message());
    return mean.gradient();
  }

  private record Mean(byte[] message, float[] memory, float[] gradient) {}

  private static Mean mean(Exchange exchange, List<byte[]> messages, float[] memory) {
    List<float[]> all = messages.stream().map(exchange::receive).toList();
    Exchange.Sent sent = exchange.send(all, memory);
    return new Mean(sent.message(), sent.memory(), exchange.receive(sent.message()));
  }

  private void write(byte[] message) throws IOException {
    out.writeInt(message.length);
    out.write(message);
    out.flush();
    sent += message.length;
  }

  private byte[] read() throws IOException {
    byte[] message = new byte[in.readInt()];
    in.readFully(message);
    return message;
  }
}
