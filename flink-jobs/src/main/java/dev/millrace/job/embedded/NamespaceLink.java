package dev.millrace.job.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Two network namespaces of this machine, with a pair of virtual devices between them that {@code
 * tc tbf} paces. Each has another pair to the namespace of this process, which nothing paces: there
 * is the job manager.
 */
final class NamespaceLink implements Link {

  private static final String BETWEEN = "between";
  private static final String UP = "above";

  /** Of the bucket: three packets. What is sent waits for its turn, none of it is dropped. */
  private static final String BUCKET = "burst 5kb limit 8mb";

  private static final String UNDO = "ip netns del \"$1\"; ip netns del \"$2\"";

  private final String name = "mr" + ProcessHandle.current().pid();
  private final String net = "10.213." + ProcessHandle.current().pid() % 256 + ".";
  private final LastWill will = LastWill.of(UNDO, namespace(0), namespace(1));

  private NamespaceLink() {}

  /**
   * Makes them.
   *
   * @throws IOException if this process may not, or {@code ip} or {@code tc} is not here
   */
  static NamespaceLink open() throws IOException {
    NamespaceLink link = new NamespaceLink();
    try {
      link.make();
      link.speed(1e6);
      link.speed(Double.POSITIVE_INFINITY);
    } catch (IOException e) {
      link.close();
      throw e;
    }
    return link;
  }

  private void make() throws IOException {
    for (int i = 0; i < 2; i++) {
      run("ip netns add " + namespace(i));
      run("ip link add %s type veth peer name %s netns %s".formatted(device(i), UP, namespace(i)));
    }
    run(
        "ip -n %s link add name %s type veth peer name %s netns %s"
            .formatted(namespace(0), BETWEEN, BETWEEN, namespace(1)));
    for (int i = 0; i < 2; i++) {
      String inside = "ip -n " + namespace(i);
      run("%s addr add %s/32 dev lo".formatted(inside, address(i)));
      for (String device : List.of("lo", UP, BETWEEN)) {
        run("%s link set dev %s up".formatted(inside, device));
      }
      run("ip addr add %s/32 dev %s".formatted(jobManager(), device(i)));
      run("ip link set dev %s up".formatted(device(i)));
      run("ip route add %s dev %s src %s".formatted(address(i), device(i), jobManager()));
      run("%s route add %s dev %s src %s".formatted(inside, jobManager(), UP, address(i)));
      run("%s route add %s dev %s src %s".formatted(inside, address(1 - i), BETWEEN, address(i)));
    }
  }

  private String namespace(int taskManager) {
    return name + "-" + taskManager;
  }

  private String device(int taskManager) {
    return name + "v" + taskManager;
  }

  private String address(int taskManager) {
    return net + (1 + taskManager);
  }

  @Override
  public String kind() {
    return "two network namespaces of this machine, between which tc tbf paces each direction";
  }

  @Override
  public String jobManager() {
    return net + "254";
  }

  @Override
  public List<String> prefix(int taskManager) {
    return List.of("ip", "netns", "exec", namespace(taskManager));
  }

  @Override
  public Map<String, String> options(int taskManager) {
    return Map.of(
        "taskmanager.host", address(taskManager), "taskmanager.bind-host", address(taskManager));
  }

  @Override
  public void speed(double bytesPerSecond) throws IOException {
    String discipline =
        Double.isInfinite(bytesPerSecond)
            ? "pfifo"
            : "tbf rate %dbit %s".formatted(Math.round(8 * bytesPerSecond), BUCKET);
    for (int i = 0; i < 2; i++) {
      run("tc -n %s qdisc replace dev %s root %s".formatted(namespace(i), BETWEEN, discipline));
    }
  }

  @Override
  public long bytes() throws IOException {
    long all = 0;
    for (int i = 0; i < 2; i++) {
      String file = "/sys/class/net/" + BETWEEN + "/statistics/tx_bytes";
      all += Long.parseLong(run("ip netns exec " + namespace(i) + " cat " + file).strip());
    }
    return all;
  }

  /** What it prints. */
  private static String run(String command) throws IOException {
    Process process =
        new ProcessBuilder(new ArrayList<>(List.of(command.split(" ", -1))))
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    if (process.onExit().join().exitValue() != 0) {
      throw new IOException(command + ": " + said.strip());
    }
    return said;
  }

  /** With a namespace goes the device in it, and with that its peer. */
  @Override
  public void close() {
    will.close();
    for (int i = 0; i < 2; i++) {
      try {
        run("ip netns del " + namespace(i));
      } catch (IOException e) {
        // It was never made.
      }
    }
  }
}
