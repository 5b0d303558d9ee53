package dev.millrace;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget.FieldAccessTarget;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaFieldAccess;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The flow is the order of imports: a package imports only packages above it in the list. */
class ArchitectureTest {

  private static final List<String> FLOW =
      Stream.of(
              // What travels.
              "schema",
              "schema.avro",
              "schema.wire",
              // What answers.
              "model.config",
              "model.weights",
              "model.text",
              "model.media",
              "model.adapter",
              "model.peft",
              "model.inject",
              "model.kinds",
              "model.assign",
              "model.release",
              "model.base",
              "model.simd",
              "model.align",
              "model.program",
              "model.djl",
              "model.score",
              "model.cache",
              "model.swap",
              "model.serve",
              "model.ngram",
              "model.pretrain",
              "model.distil",
              "model.gguf",
              // What learns.
              "adapter.batch",
              "adapter.train",
              "adapter.exchange",
              "adapter.quantize",
              "adapter.gate",
              "adapter.publish",
              "adapter.align",
              "adapter",
              // What runs it.
              "job.door",
              "job.warmup",
              "job.config",
              "job.corpus",
              "job.io",
              "job.embedded",
              "job.operator",
              "job.operator.gather",
              "job.operator.learn",
              "job.operator.serve",
              "job.operator.compress",
              "job",
              "job.sql",
              "job.console",
              "job.gateway",
              "job.report",
              "job.releases",
              "job.loop",
              "job.scale",
              "job.bench.experts",
              "job.bench.measure",
              "job.bench.model",
              "job.bench.train",
              "job.bench.learn",
              "job.bench.gate",
              "job.bench.score",
              "job.bench.serve",
              "job.bench",
              "job.chaos",
              "job.cli.options",
              "job.cli.model",
              "job.cli.releases",
              "job.cli.cluster",
              "job.cli")
          .map(name -> "dev.millrace." + name)
          .toList();

  private static final int FEWEST_CLASSES = 200;

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.millrace");

  @Test
  void scan_ofTheClasspath_findsTheWholeProject() {
    assertTrue(CLASSES.size() >= FEWEST_CLASSES, CLASSES.size() + " classes were scanned");
  }

  @Test
  void packages_withClasses_areAllInTheFlow() {
    Set<String> unlisted =
        CLASSES.stream()
            .map(JavaClass::getPackageName)
            .collect(Collectors.toCollection(TreeSet::new));
    unlisted.removeAll(FLOW);
    assertEquals(Set.of(), unlisted, "packages that have no place in the flow");
  }

  @Test
  void imports_ofEveryClass_goUpTheFlow() {
    List<String> down =
        CLASSES.stream()
            .flatMap(origin -> origin.getDirectDependenciesFromSelf().stream())
            .filter(ArchitectureTest::goesDown)
            .map(Dependency::getDescription)
            .sorted()
            .toList();
    assertEquals(List.of(), down, "dependencies on packages further down the flow");
  }

  @Test
  void generatedClasses_areUsedByTheWireAlone() {
    using(
            resideInAnyPackage("dev.millrace.schema.avro"),
            "dev.millrace.schema.avro",
            "dev.millrace.schema.wire")
        .check(CLASSES);
  }

  @Test
  void djl_isBehindTheTokenizerAndTheBaseModel() {
    using(resideInAnyPackage("ai.djl.."), "dev.millrace.model.text", "dev.millrace.model.djl")
        .check(CLASSES);
  }

  @Test
  void outsideSystems_areReachedFromIoTheEmbeddedStackAndTheWarmUpAlone() {
    DescribedPredicate<JavaClass> outside =
        resideInAnyPackage("org.apache.kafka..", "org.apache.flink.connector.kafka..", "redis..")
            .or(describe("Flink's file systems", ArchitectureTest::isFileSystem));
    using(outside, "dev.millrace.job.io", "dev.millrace.job.embedded", "dev.millrace.job.warmup")
        .check(CLASSES);
  }

  @Test
  void serving_inEveryModule_doesNotImportLearning() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.millrace.model..", "dev.millrace.job.operator.serve..")
        .or()
        .haveSimpleNameStartingWith("Serv")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.millrace.adapter..")
        .check(CLASSES);
  }

  /** What is said by Flink's logger never comes to a terminal. */
  @Test
  void operators_speakByLoggersOfTheirOwn() {
    noClasses()
        .should()
        .accessFieldWhere(describe("a logger is inherited", ArchitectureTest::isInheritedLogger))
        .check(CLASSES);
  }

  private static boolean isInheritedLogger(JavaFieldAccess access) {
    FieldAccessTarget field = access.getTarget();
    return field.getName().equals("LOG")
        && field
            .resolveMember()
            .filter(found -> CLASSES.contain(found.getOwner().getName()))
            .isEmpty();
  }

  private static boolean goesDown(Dependency dependency) {
    int from = FLOW.indexOf(dependency.getOriginClass().getPackageName());
    int to = FLOW.indexOf(dependency.getTargetClass().getBaseComponentType().getPackageName());
    return to > from;
  }

  private static boolean isFileSystem(JavaClass type) {
    return type.isAssignableTo("org.apache.flink.core.fs.FileSystem");
  }

  private static ArchRule using(DescribedPredicate<JavaClass> used, String... by) {
    return noClasses()
        .that()
        .resideOutsideOfPackages(by)
        .should()
        .dependOnClassesThat(used)
        .allowEmptyShould(false);
  }
}
