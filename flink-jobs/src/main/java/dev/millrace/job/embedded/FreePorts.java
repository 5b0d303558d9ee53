package dev.millrace.job.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * Loopback ports that nobody listens on at this moment.
 *
 * <p>They lie below the range from which systems take ports for outgoing connections, and this
 * process never gets one twice in a row, so that between finding and using a port only another
 * process like this one could take it.
 */
public final class FreePorts {

  private static final int FIRST = 10_240;
  private static final int COUNT = 32_768 - FIRST;
  private static final AtomicInteger NEXT =
      new AtomicInteger(ThreadLocalRandom.current().nextInt(COUNT));

  private FreePorts() {}

  /** As many different ports as asked for. */
  public static List<Integer> find(int count) {
    List<Integer> ports =
        Stream.generate(() -> FIRST + Math.floorMod(NEXT.getAndIncrement(), COUNT))
            .limit(COUNT)
            .filter(FreePorts::isFree)
            .limit(count)
            .toList();
    if (ports.size() < count) {
      throw new IllegalStateException("found " + ports.size() + " free ports, expected " + count);
    }
    return ports;
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }
}
