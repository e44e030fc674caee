import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.TableException;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;

/**
 * Job SQL_FILE PARALLELISM OUT_FOLDER: answers one query by Flink SQL in mini-clusters of this process, once for each folder of events
 * that it reads as a line of its input. For each it prints a line: the seconds, those of processor time, and the number of rows of an answer
 * that changes as rows come, which is counted and dropped. Rows that are only added go to files in OUT_FOLDER. The clocks start when the
 * query is planned, the cluster is up, and the job is handed to it.
 */
public class Job {
  static final Map<String, String> COLUMNS = Map.of(
      "bid", "`time` BIGINT, auction BIGINT, bidder BIGINT, price BIGINT",
      "detailed", "`time` BIGINT, auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, extra STRING",
      "auction", "`time` BIGINT, id BIGINT, item STRING, description STRING, initial_bid BIGINT, reserve BIGINT, expires BIGINT, seller BIGINT, category BIGINT",
      "person", "`time` BIGINT, id BIGINT, name STRING, email STRING, credit_card STRING, city STRING, state STRING");

  /** Rows added less rows withdrawn. The cluster sees the same object, since it is in this process. */
  static final LongAdder ROWS = new LongAdder();

  public static void main(String[] args) throws Exception {
    String sql = Files.readString(Path.of(args[0]));
    BufferedReader folders = new BufferedReader(new InputStreamReader(System.in));
    for (String data = folders.readLine(); data != null; data = folders.readLine()) {
      deleteAll(Path.of(args[2]));
      ROWS.reset();
      JobClient job = submit(sql, data, Integer.parseInt(args[1]), args[2]);
      long start = System.nanoTime();
      long busy = busyNanos();
      job.getJobExecutionResult().get();
      System.out.printf("%.3f %.3f %d%n", (System.nanoTime() - start) / 1e9, (busyNanos() - busy) / 1e9, ROWS.sum());
    }
    System.exit(0);
  }

  /** Of all threads of this process, those that collect garbage and compile included. */
  static long busyNanos() {
    return ((com.sun.management.OperatingSystemMXBean) java.lang.management.ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
  }

  static JobClient submit(String sql, String data, int parallelism, String out) throws Exception {
    Configuration settings = new Configuration();
    settings.setString("pipeline.object-reuse", "true");
    settings.setString("taskmanager.numberOfTaskSlots", String.valueOf(parallelism));
    for (String name : List.of("rest.bind-address", "rest.address", "jobmanager.rpc.address", "jobmanager.bind-host", "taskmanager.bind-host", "taskmanager.host"))
      settings.setString(name, "127.0.0.1");
    settings.setString("rest.port", "0");
    settings.setString("rest.bind-port", "48000-48999");
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(parallelism, settings);
    StreamTableEnvironment tables = StreamTableEnvironment.create(environment);
    tables.getConfig().setLocalTimeZone(java.time.ZoneId.of("UTC"));
    boolean isDetailed = sql.matches("(?s).*\\b(channel|url|extra)\\b.*");
    for (String kind : List.of("bid", "auction", "person")) {
      String files = kind.equals("bid") && isDetailed ? "detailed" : kind;
      tables.executeSql("CREATE TABLE " + kind + " (" + COLUMNS.get(files) + ", rt AS TO_TIMESTAMP_LTZ(`time`, 3), WATERMARK FOR rt AS rt - INTERVAL '0.001' SECOND)"
          + " WITH ('connector' = 'filesystem', 'path' = '" + data + "/" + files + "', 'format' = 'csv')");
    }
    tables.executeSql("CREATE TABLE side_input (key BIGINT, `value` STRING) WITH ('connector' = 'filesystem', 'path' = '" + data + "/side', 'format' = 'csv')");
    String[] statements = sql.trim().split(";\\s*\n");
    for (String statement : Arrays.copyOf(statements, statements.length - 1)) tables.executeSql(statement);
    Table answer = tables.sqlQuery(statements[statements.length - 1]);
    try {
      // Flink 2.3 believes of those of q9 that they do not, and would write each change into the files.
      if (sql.contains("ROW_NUMBER")) throw new TableException("Top rows change.");
      String columns = answer.getResolvedSchema().getColumns().stream().map(Job::declared).collect(Collectors.joining(", "));
      boolean hasFolders = answer.getResolvedSchema().getColumnNames().contains("hm");
      tables.executeSql("CREATE TABLE answer (" + columns + ")" + (hasFolders ? " PARTITIONED BY (dt, hm)" : "")
          + " WITH ('connector' = 'filesystem', 'path' = '" + out + "', 'format' = 'csv')");
      tables.explainSql("INSERT INTO answer SELECT * FROM " + answer);
    } catch (TableException changes) {
      tables.toChangelogStream(answer).map(Job::count).returns(Types.INT).sinkTo(new DiscardingSink<>());
      return environment.executeAsync();
    }
    return answer.executeInsert("answer").getJobClient().orElseThrow();
  }

  static int count(Row row) {
    int change = row.getKind() == RowKind.INSERT ? 1 : row.getKind() == RowKind.DELETE ? -1 : 0;
    ROWS.add(change);
    return change;
  }

  static String declared(Column column) {
    LogicalType type = column.getDataType().getLogicalType();
    String name = type instanceof LocalZonedTimestampType ? "TIMESTAMP_LTZ(3)" : type.asSummaryString().replace("NOT NULL", "").replace("*ROWTIME*", "");
    return "`" + column.getName() + "` " + name;
  }

  static void deleteAll(Path folder) throws Exception {
    if (!Files.exists(folder)) return;
    try (var paths = Files.walk(folder)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
    }
  }
}
