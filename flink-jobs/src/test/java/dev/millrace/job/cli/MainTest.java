package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.job.cli.options.Numbers;
import dev.millrace.job.cli.options.Output;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PipedReader;
import java.io.PipedWriter;
import java.io.PrintWriter;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

class MainTest extends RunsCommands {

  private static final String COMMAND = "./millrace ";
  private static final String HERE = System.getProperty("millrace.root");

  @TempDir static Path root;

  @TempDir Path folder;

  /** With the checkout's models, and without a cluster that may be up there. */
  @BeforeAll
  static void runElsewhere() throws IOException {
    Files.createSymbolicLink(root.resolve("models"), Path.of(HERE, "models"));
    System.setProperty("millrace.root", root.toString());
  }

  @AfterAll
  static void runHere() {
    System.setProperty("millrace.root", HERE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "demo --minutes 0 | --minutes 0",
        "demo --minutes 61 | --minutes 61, expected 1 to 60",
        "demo --minutes NaN | 'NaN', expected a finite number",
        "demo --report pom.xml | --report pom.xml, expected a folder",
        "demo --minutes abc | 'abc', expected a finite number",
        "demo --base nowhere | base nowhere",
        "demo --set learn.gate.parityBound=0.03 | learn.gate.parityBound is 0.03",
        "ask --domain d --store nowhere hello | store nowhere",
        "ask --domain d --store src hello | store src has no release, expected that of a run",
        "ask --domain d --set store.uri=src hello | --set store.uri=src, expected --store DIR",
        "ask --domain d --set base.dir=src hello | --set base.dir=src, expected --base DIR",
        "ask --domain d --tokens 1.5 hello | '1.5', expected a whole number",
        "ask --domain d --top-k -1 hello | topK is -1",
        "ask --domain d --top-p 0 hello | topP is 0.0",
        "ask --domain d --temperature 3 hello | temperature is 3.0",
        "ask --domain d --stop= hello | stop[0] is \"\"",
        "ask --domain d --set kafka.frob=3 hello | unknown key kafka.frob",
        "topics --bootstrap 127.0.0.1:1 --set kafka.client.security.protocol=SSL --set kafka.client.ssl.truststore.location=nowhere.p12 | broker 127.0.0.1:1: Failed to create new KafkaAdminClient: Failed to create new NetworkClient: Failed to load SSL keystore nowhere.p12",
        "ask --domain d --bootstrap no.such.host.invalid:1 hello | broker no.such.host.invalid:1: Failed to create new KafkaAdminClient: No resolvable",
        "topics --bootstrap no.such.host.invalid:1 | broker no.such.host.invalid:1: Failed to create new KafkaAdminClient: No resolvable",
        "adapt --domain D --report r --input nowhere.jsonl | --domain D, expected 1..64 characters",
        "adapt --domain base --report r --input nowhere.jsonl | --domain base, expected 1..64 characters [a-z0-9][a-z0-9._-]*, and not auto, base or 64 hexadecimal digits: by these callers ask",
        "adapt --domain d --report r --minutes -1 --input nowhere.jsonl | --minutes -1",
        "adapt --domain d --report r --input src --text-field body | --text-field body: src is no file of JSON lines",
        "produce --topic millrace.requests src | file src",
        "produce --topic millrace.requests --text-field body src | --text-field is for samples",
        "adapt --domain d --report r --input nowhere.jsonl | nowhere.jsonl",
        "adapt --domain d --report pom.xml --input pom.xml | --report pom.xml, expected a folder",
        "submit dance | dance",
        "model check nowhere | checkpoint nowhere does not exist, expected a checkpoint folder with a config.json",
        "model check ../models/nano --adapter nowhere | --adapter nowhere does not exist, expected a PEFT folder with an adapter_config.json",
        "model check ../models/nano --adapter src | --adapter src, expected a PEFT folder with an adapter_config.json",
        "model check ../models/nano --texts src | file src",
        "ask --domain d --picture src | file src",
        "model check ../models/nano --texts pom.xml | line 1 of pom.xml is no JSON",
        "model compress --out nowhere --steps 0 | --steps 0",
        "model compress --out nowhere --text 3 | text 3.0",
        "topics --bootstrap 127.0.0.1:1 --partitions 0 | --partitions 0",
        "gateway --keys src --port 0 --bootstrap 127.0.0.1:1 | file src, expected a file that can be read",
        "sql src | file src",
        "sql nowhere.sql --rows 0 | --rows 0",
        "model export nowhere --gguf x.gguf | nowhere",
        "model pretrain --judge-only --out nowhere | --out nowhere",
        "model export nowhere --safetensors x | nowhere",
        "model convert-adapter a --base nowhere --to modules --out o | nowhere",
        "produce --topic nonsense nowhere | no",
        "releases pin | ID",
        "releases pin 3f --store nowhere --bootstrap 127.0.0.1:1 | nowhere",
        "releases rollback 3f --store src | release 3f names 0 of 0 releases in src",
        "releases reproduce 3f --store nowhere --bootstrap 127.0.0.1:1 | nowhere",
        "releases unpin --domain d | --bootstrap",
        "releases forget --store nowhere --bootstrap 127.0.0.1:1 | --sample",
        "frobnicate | no command frobnicate, expected one of [demo, adapt, ask,",
        "model frobnicate | no command frobnicate, expected one of [check,",
        "model | no command given, expected one of [check,",
        "releases --json | no command given, expected one of [list,",
        "submit serve --rest nowhere | --rest nowhere, expected a URL such as",
        "submit serve --rest http://127.0.0.1:1 | no Flink cluster answers at http://127.0.0.1:1, expected the REST address of a job manager",
        "submit serve --rest http://[:1 | 'http://[:1', expected a URL such as http://127.0.0.1:8081",
        "submit serve --rest localhost:8081 | --rest localhost:8081, expected a URL such as",
        "cluster status --task-managers 3 | --task-managers with cluster status, expected it with cluster up",
        "cluster down --ha | --ha with cluster down, expected it with cluster up",
        "bench dance | dance",
        "demo --seed 99999999999999999999 | '99999999999999999999', expected a whole number from -",
        "demo --minutes 1e300 | --minutes 1.0E300, expected 1 to 60",
        "demo --report pom.xml/r | --report pom.xml/r, expected a folder that can be written",
        "demo --report /proc/next | --report /proc/next, expected a folder that can be written",
        "produce --topic samples --domain D nowhere | --domain D, expected 1..64 characters",
        "produce --topic samples --domain base nowhere | --domain base, expected 1..64 characters",
        "produce --topic requests --domain base nowhere | file nowhere, expected a file that can be read",
        "model check ../models/nano --tolerance -1 | --tolerance -1.0, expected 0 or more",
        "model export ../models/nano | Missing required argument",
        "model export ../models/nano --gguf src | --gguf src, expected a file in a folder",
        "model export ../models/nano --gguf nowhere/x.gguf | --gguf nowhere/x.gguf, expected a file",
        "model export ../models/nano --safetensors pom.xml | --safetensors is pom.xml, expected a new",
        "model convert-adapter nowhere --base ../models/nano --to both --out o | --to is both, expected",
        "model convert-adapter nowhere --base ../models/nano --to modules --out o | nowhere/adapter_con",
        "model pretrain --steps 0 --out nowhere | --steps 0, --save-every 250, expected 1 or more",
        "model pretrain --save-every 0 --out nowhere | --save-every 0, expected 1 or more",
        "model pretrain --experts 1,2 --out nowhere | --experts is [1.0, 2.0], expected 8 numbers",
        "model pretrain --experts x --out nowhere | 'x', expected a finite number",
        "model pretrain --sharpness -1 --out nowhere | --sharpness -1.0, expected 0 or more",
        "model pretrain --from src --out nowhere | --from src, expected a checkpoint folder",
        "model pretrain --out pom.xml | pom.xml, expected a folder",
        "model compress --out nowhere --hints Infinity | '--hints': 'Infinity', expected a finite number",
        "model compress --out nowhere --tokens -1 | --tokens -1, expected 1 or more",
        "model pretrain --out pom.xml/next | --out pom.xml/next, expected a folder that can be written",
        "model export ../models/nano --gguf /proc/x.gguf | --gguf /proc/x.gguf, expected a file in a folder",
        "bench decode --report /proc/x.md | --report /proc/x.md, expected a file in a folder",
        "model consolidate --adapter d=a --input d=b --out pom.xml/next | --out pom.xml/next, expected a folder that can be written",
        "model consolidate --adapter d=a --input d=b --out /proc/next | --out /proc/next, expected a folder that can be written",
        "model compress --out pom.xml | --out pom.xml, expected a folder",
        "model compress --out nowhere --work pom.xml | --work pom.xml, expected a folder that can be written",
        "model compress --out nowhere --work /proc/next | --work /proc/next, expected a folder that can be written",
        "model compress --out nowhere --input src | file src, expected a file that can be read",
        "model compress --out nowhere --teacher src | --teacher src, expected a checkpoint folder",
        "model compress --out nowhere --adapter src | --adapter src, expected a PEFT folder",
        "model consolidate --adapter a=src --input a=pom.xml --out nowhere --base src | base src, expected a checkpoint folder",
        "model consolidate --adapter a=src --input a=pom.xml --out nowhere | --adapter src, expected a PEFT",
        "model consolidate --adapter a=src --input a=pom.xml --out nowhere --steps 0 | --steps 0",
        "model align --out pom.xml | --out pom.xml, expected a folder",
        "model align --out nowhere --keep-encoders | --out nowhere, expected a folder of encoders",
        "releases forget --sample x --wait -1 | --wait -1",
        "releases forget --sample x --base src | base src, expected a checkpoint folder",
        "model compress --out ../models/nano --steps 1 --input pom.xml | --out ../models/nano is the teacher's folder, expected another",
        "model protect nowhere | checkpoint nowhere does not exist, expected a checkpoint folder with a config.json",
        "topics --prefix a/b --bootstrap 127.0.0.1:1 | kafka.prefix is \"a/b\", expected 1 to 100 letters",
        "cluster up --flink =x | --flink =x, expected KEY=VALUE",
        "releases base src | base src, expected a checkpoint folder",
        "releases base src --bound 1e999 | '1e999', expected a finite number",
        "sql pom.xml --rest nonsense | --rest nonsense, expected a URL such as",
        "submit serve --rest http://127.0.0.1:1 --flink-conf src | --flink-conf src, expected a folder",
        "gateway --keys nowhere | file nowhere, expected a file that can be read",
        "stop serve --with-savepoint | no option --with-savepoint",
        "unanswered --older -1 | --older -1, expected 0 seconds or more",
        "autoscale --below -1 | below -1.0 and above 32.0, expected 0 or more",
        "autoscale --least 3 | 3 to 2 task managers, expected 1 or more, and no fewer",
        "autoscale --holds -1 | holds -1 and settles 60 seconds, expected 0 or more",
        "bench compress --factors 0.5 --rounds 1 | factors [0.5]",
        "bench compress --factors x --rounds 1 | 'x', expected a finite number",
        "bench gate --rounds 1 --log pom.xml | --log pom.xml, expected one that a run has begun",
        "bench decode --rounds 0 | rounds 0",
        "bench moe --large | --large is no option of bench moe, expected none but those that all take",
        "bench gate --order legal | --order is no option of bench gate, expected --log",
        "bench continual --log x.jsonl | --log is no option of bench continual, expected --order, --large",
        "bench decode --rounds 1 --report nowhere/decode.md | --report nowhere/decode.md",
        "bench decode --rounds 1 --report src | --report src, expected a file",
        "bench gate --rounds 1 --log src | --log src, expected a file",
        "chaos --bound 0 | --bound 0, expected 1 to 3600",
        "chaos --faults flood | --faults flood",
        "chaos --minutes 0.1 | --minutes 0.1, expected 0.2 to 600"
      })
  void run_cannotBeUsed_failsWithOneLineThatNamesTheValue(String line, String named) {
    assertTrue(run(line.split(" ")) != 0);
    assertEquals("", out.toString());
    assertEquals(1, err.toString().strip().lines().count(), err::toString);
    assertTrue(err.toString().startsWith("millrace: "), err::toString);
    assertTrue(err.toString().contains(named), err::toString);
    assertFalse(err.toString().contains("java."), err::toString);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "topics --bootstrap 127.0.0.1:99999 | kafka.bootstrap is \"127.0.0.1:99999\", expected a port",
        "ask --domain d --bootstrap 127.0.0.1:0 hello | kafka.bootstrap is \"127.0.0.1:0\", expected a",
        "produce --topic samples --bootstrap nonsense pom.xml | kafka.bootstrap is \"nonsense\"",
        "verdicts --bootstrap 127.0.0.1:1 --set kafka.bootstrap=127.0.0.1:2 | --set kafka.bootstrap=127.0.0.1:2, expected --bootstrap alone, which is 127.0.0.1:1",
        "verdicts --bootstrap 127.0.0.1:1 --store src | --store src beside a broker, expected one of them",
        "verdicts --set kafka.bootstrap=127.0.0.1:99999 | \"127.0.0.1:99999\", expected a port from 1",
        "submit serve --rest http://127.0.0.1:99999 | --rest http://127.0.0.1:99999, expected a URL",
        "submit serve --set redis.uri=redis://h:99999 --rest http://127.0.0.1:1 | expected a port from",
        "help nonsense | no command nonsense, expected one of [demo, adapt, ask,"
      })
  void run_malformed_isMisuseAndNamesTheValue(String line, String named) {
    assertEquals(Main.USAGE, run(line.split(" ")), err::toString);
    assertEquals("", out.toString());
    assertEquals(1, err.toString().strip().lines().count(), err::toString);
    assertTrue(err.toString().contains(named), err::toString);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "relases list | no command relases, did you mean releases?; see ./millrace --help",
        "help adpt | no command adpt, did you mean adapt?; see ./millrace --help",
        "help releases shw | no command shw, did you mean show?; see ./millrace releases --help",
        "help nonsense show | no command nonsense, expected one of [demo, adapt, ask,",
        "help demo show | 'show' is one argument too many",
        "frobnicate --help | no command frobnicate, expected one of [demo, adapt, ask,",
        "releases lst -h | no command lst, did you mean list?; see ./millrace releases --help",
        "help --frobnicate | no option --frobnicate; see ./millrace help --help",
        "releases lst | no command lst, did you mean list?; see ./millrace releases --help",
        "ask --domian legal hello | no option --domian, did you mean --domain?; see ./millrace ask",
        "ask --domain d --explian hello | no option --explian, did you mean --explain?; see",
        "trace --samples=x | no option --samples, did you mean --sample?; see ./millrace trace",
        "submit serve --savpoint x | no option --savpoint, did you mean --savepoint?; see",
        "ask --domain d --name x hello | no option --name; see",
        "submit --frobnicate | no option --frobnicate; see ./millrace submit --help",
        "model pretrain -V | no option -V",
        "ask --domain d two words | 'words' is one argument too many",
        "ask --domain d --set foo hello | Value for option '--set' (KEY=VALUE) should be in KEY=VALUE format"
      })
  void run_misspelt_namesTheNearOne(String line, String said) {
    assertEquals(Main.USAGE, run(line.split(" ")), err::toString);
    assertTrue(err.toString().startsWith("millrace: " + said), err::toString);
    assertEquals(1, err.toString().lines().count(), err::toString);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "topics",
        "produce --topic samples pom.xml",
        "ask --domain d hello",
        "verdicts",
        "releases forget --sample x"
      })
  void run_brokerThatDoesNotAnswer_saysSoonWhatIsWaitedFor(String line) throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        PipedReader said = new PipedReader();
        PrintWriter told = new PrintWriter(new PipedWriter(said), true)) {
      String broker = "127.0.0.1:" + silent.getLocalPort();
      String[] words = (line + " --bootstrap " + broker).split(" ");
      Thread command = new Thread(() -> Main.run(new PrintWriter(out, true), told, words));
      command.start();
      assertEquals(
          "broker " + broker + " has not answered in 2 s, waiting for it",
          new BufferedReader(said).readLine());
      command.interrupt();
      command.join();
    }
  }

  @Test
  void run_linesOfOtherDomainsOnly_saysSo() throws Exception {
    Path lines = folder.resolve("lines.jsonl");
    Files.writeString(lines, "{\"id\":\"1\",\"text\":\"some text\",\"domain\":\"other\"}\n");
    int status =
        run("adapt", "--domain", "d", "--input", lines.toString(), "--report", folder + "/r");
    assertEquals(2, status);
    assertTrue(err.toString().contains("other-domain"), err::toString);
    assertFalse(Files.exists(folder.resolve("r")));
  }

  @Test
  void run_storeOfAReportIsAFile_saysSo() throws Exception {
    Path store = Files.createFile(folder.resolve("store"));
    assertEquals(2, run("demo", "--report", folder.toString()));
    String expected = "millrace: --report %s, expected a folder that can be written\n";
    assertEquals(expected.formatted(store), err.toString());
  }

  @Test
  void run_releasesOfAnEmptyStore_saysThereAreNone() {
    assertEquals(0, run("releases", "list", "--store", folder.toString()));
    assertEquals("no releases in " + folder + "\n", out.toString());
    out.getBuffer().setLength(0);
    assertEquals(0, run("releases", "list", "--json", "--store", folder.toString()));
    assertEquals("[ ]", out.toString().strip());
  }

  @Test
  void run_verdictsOfAnEmptyStore_saysThereAreNone() {
    String store = folder.toString();
    assertEquals(0, run("verdicts", "--store", store));
    assertEquals("no verdict\n", out.toString());
    out.getBuffer().setLength(0);
    assertEquals(0, run("verdicts", "--refused", "--domain", "d", "--store", store));
    assertEquals("no refused candidate of domain d\n", out.toString());
    out.getBuffer().setLength(0);
    assertEquals(0, run("verdicts", "--json", "--store", store));
    assertEquals("[ ]", out.toString().strip());
  }

  @Test
  void run_checkOnTextsOfNoTokens_saysSo() throws Exception {
    Path lines = folder.resolve("lines.jsonl");
    Files.writeString(lines, "{\"text\":\"\"}\n");
    int status = run("model", "check", "../models/nano", "--texts", lines.toString());
    assertEquals(2, status);
    assertTrue(err.toString().contains("lines.jsonl has no text of 2 tokens"), err::toString);
  }

  /** On some texts that nano was not trained on. */
  @Test
  void run_checkOfNano_int8IsAsNearToFp32AsIsPromised() throws Exception {
    List<String> all = Files.readAllLines(Path.of("../models/nano/protected.jsonl"));
    List<String> some = IntStream.range(0, all.size() / 4).mapToObj(i -> all.get(4 * i)).toList();
    String texts = Files.write(folder.resolve("lines.jsonl"), some).toString();
    int status = run("model", "check", "../models/nano", "--texts", texts, "--json");
    assertEquals(0, status, err::toString);
    JsonNode int8 = new ObjectMapper().readTree(out.toString()).path("int8");
    assertEquals(0, int8.path("lossIncrease").asDouble(1), 0.002, int8::toString);
    assertTrue(int8.path("top1Agreement").asDouble() >= 0.99, int8::toString);
    assertTrue(int8.path("routingAgreement").asDouble() >= 0.98, int8::toString);
  }

  /** Texts say nothing of an adapter. */
  @Test
  void run_checkOfAnAdapterWithoutWhatIsExpected_asksForThatAlone() throws Exception {
    Path lines = folder.resolve("lines.jsonl");
    Files.writeString(lines, "{\"text\": \"one and two\"}\n");
    Files.createFile(folder.resolve("adapter_config.json"));
    String adapter = folder.toString();
    String texts = lines.toString();
    assertEquals(
        2, run("model", "check", "../models/nano", "--adapter", adapter, "--texts", texts));
    String asked = adapter + " has no expected.safetensors, expected one; see";
    assertTrue(err.toString().contains(asked), err::toString);
  }

  @Test
  void run_checkOnTextsThatAreNotUtf8_namesTheLine() throws Exception {
    Path lines = folder.resolve("lines.jsonl");
    Files.write(lines, new byte[] {(byte) 0xc3, 0x28});
    assertEquals(2, run("model", "check", "../models/nano", "--texts", lines.toString()));
    assertTrue(err.toString().contains("line 1 of " + lines + " is no JSON"), err::toString);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "check ../models/nano --texts",
        "protect ../models/nano --texts",
        "compress --out nowhere --input"
      })
  void run_modelOnTextsInUtf16_saysSoOfTheFile(String command) throws Exception {
    Path lines = folder.resolve("lines.jsonl");
    Files.writeString(lines, "{\"text\": \"one\"}\n", StandardCharsets.UTF_16LE);
    String said = "millrace: file " + lines + " is UTF-16, expected UTF-8: ";
    assertEquals(2, run(("model " + command + " " + lines).split(" ")));
    assertTrue(err.toString().lines().anyMatch(line -> line.startsWith(said)), err::toString);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--help", "model --help", "releases --help"})
  void run_helpOfCommands_saysOfEachWhatItDoes(String line) {
    assertEquals(0, run(line.split(" ")));
    String list = out.toString().split("Commands:\\R", 2)[1].split("(?m)^\\R", 2)[0];
    for (String command : list.split("\\R  (?=\\w)", -1)) {
      assertTrue(command.strip().endsWith("."), command);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "demo", "console", "releases", "releases show", "help"})
  void run_helpOfACommand_isWhatItsOwnOptionShows(String command) {
    assertEquals(0, run((command + " --help").strip().split(" ")));
    String shown = out.toString();
    out.getBuffer().setLength(0);
    assertEquals(0, run(("help " + command).strip().split(" ")));
    assertEquals(shown, out.toString());
  }

  @Test
  void run_help_saysInOneLineWhatSubmitDoes() {
    assertEquals(0, run("--help"));
    assertTrue(
        out.toString().contains("  submit            Submits a job to a Flink cluster.\n"),
        out::toString);
  }

  @Test
  void run_helpOfEachCommand_isOnStandardOutputWithTheLinesOfItsDescriptionAndExamples() {
    List<String> broken = new ArrayList<>();
    for (CommandSpec spec : under(new CommandLine(new Main()))) {
      out.getBuffer().setLength(0);
      assertEquals(0, run((spec.qualifiedName() + " --help").split(" ", 2)[1].split(" ")));
      assertTrue(out.toString().contains("Usage: "), out::toString);
      assertFalse(out.toString().contains("null"), "picocli knows no such variable");
      List<String> said = out.toString().lines().toList();
      Stream.concat(
              Stream.of(spec.usageMessage().description()), Stream.of(spec.usageMessage().footer()))
          .map(String::formatted)
          .filter(line -> !said.contains(line))
          .forEach(line -> broken.add(spec.qualifiedName() + ": " + line));
    }
    assertEquals(List.of(), broken);
    assertEquals("", err.toString());
  }

  @Test
  void run_languageWithDigitsOfItsOwn_tellsNumbersAsTheDocsDo() {
    Locale before = Locale.getDefault(Locale.Category.FORMAT);
    Locale.setDefault(Locale.Category.FORMAT, Locale.forLanguageTag("ar-EG"));
    try {
      assertEquals(0, run("--version"));
      assertEquals("4 0.5", "%d %.1f".formatted(4, 0.5));
    } finally {
      Locale.setDefault(Locale.Category.FORMAT, before);
    }
  }

  @Test
  void helpExamples_ofEachCommand_areUnderstood() {
    CommandLine millrace = Numbers.understoodBy(new CommandLine(new Main()));
    List<String> problems = new ArrayList<>();
    for (CommandSpec spec : under(new CommandLine(new Main()))) {
      List<String> examples =
          String.join("\n", spec.usageMessage().footer())
              .replaceAll("\\\\\\n\\s*", "")
              .lines()
              .filter(line -> line.contains(COMMAND))
              .toList();
      if (examples.isEmpty()) {
        problems.add(spec.qualifiedName() + " has no example");
      }
      for (String example : examples) {
        try {
          millrace.parseArgs(CommandLines.words(example.split(COMMAND, 2)[1].split("  ", 2)[0]));
        } catch (ParameterException e) {
          problems.add(example + ": " + e.getMessage());
        }
      }
    }
    assertEquals(List.of(), problems);
  }

  /** What stands beside a command is no part of it to a shell, either. */
  @Test
  void helpExamples_ofEachCommand_canBePasted() throws Exception {
    Process shell = new ProcessBuilder("sh", "-n").redirectErrorStream(true).start();
    try (Writer lines = shell.outputWriter(StandardCharsets.UTF_8)) {
      for (CommandSpec spec : under(new CommandLine(new Main()))) {
        for (String line : spec.usageMessage().footer()) {
          lines.write(line.endsWith(":") ? "\n" : line + "\n");
        }
      }
    }
    assertEquals("", new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    assertEquals(0, shell.waitFor());
  }

  /** All commands of a command. */
  private static List<CommandSpec> under(CommandLine command) {
    List<CommandSpec> all = new ArrayList<>();
    for (CommandLine each : new LinkedHashSet<>(command.getSubcommands().values())) {
      all.add(each.getCommandSpec());
      all.addAll(under(each));
    }
    return all;
  }

  /** As a line of 200 MB does in a small heap: its stack trace was shown. */
  @Test
  void run_heapIsFull_saysSoInOneLine() {
    OutputStream large =
        new OutputStream() {
          @Override
          public void write(int b) {
            throw new OutOfMemoryError("Java heap space");
          }
        };
    assertEquals(
        Output.FAILED,
        Main.run(
            new PrintWriter(large, true, StandardCharsets.UTF_8),
            new PrintWriter(err, true),
            "--version"));
    assertTrue(
        err.toString().startsWith("millrace: out of memory: Java heap space; "), err::toString);
    assertEquals(1, err.toString().lines().count());
  }

  /** As with a full disk: what was lost without a word. */
  @Test
  void run_resultThatNobodyTakes_fails() {
    OutputStream full = failing("No space left on device");
    assertEquals(
        Output.FAILED,
        Main.run(
            new PrintWriter(full, true, StandardCharsets.UTF_8),
            new PrintWriter(err, true),
            "--version"));
    assertEquals("millrace: " + Output.LOST, err.toString().strip());
  }

  private static OutputStream failing(String why) {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        throw new IOException(why);
      }
    };
  }

  /** As in {@code | head -1}: other tools are silent too. */
  @Test
  void run_readerOfTheResultHasLeft_endsWithoutALine() {
    OutputStream left = failing("Broken pipe");
    assertEquals(
        Main.BROKEN_PIPE,
        Main.run(new ResultWriter(left), new PrintWriter(err, true), "--version"));
    assertEquals("", err.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "submit serve --savepoint _ | --savepoint is blank: '', expected URI",
        "adapt --domain d --input in --report _ | --report is blank: '', expected DIR",
        "adapt --domain ~ --input in --report out | --domain is blank: ' ', expected D",
        "demo --base _ | --base is blank: '', expected DIR",
        "chaos --faults _ | --faults is blank: '', expected NAME",
        "demo --set _ | --set is blank: '', expected KEY=VALUE",
        "model check _ | DIR is blank: '', expected DIR"
      })
  void run_blankValue_namesTheOption(String line, String said) {
    String[] words =
        Stream.of(line.split(" "))
            .map(word -> word.equals("_") ? "" : word.equals("~") ? " " : word)
            .toArray(String[]::new);
    assertEquals(Main.USAGE, run(words));
    assertTrue(err.toString().startsWith("millrace: " + said + "; see ./"), err::toString);
  }

  /** A setting may be empty. */
  @Test
  void run_settingWithoutValue_isNotBlank() {
    assertEquals(
        Main.USAGE,
        run("ask", "--domain", "d", "--store", folder.toString(), "--set", "redis.uri=", "text"));
    assertFalse(err.toString().contains("is blank"), err::toString);
  }

  /** A text may be blank. */
  @Test
  void run_blankPrompt_isTaken() {
    assertEquals(Main.USAGE, run("ask", "--domain", "d", "--store", folder.toString(), " "));
    assertTrue(err.toString().contains("has no release"), err::toString);
  }
}
