using System.Globalization;
using Millrace.Sqlite;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Caching.Tests;

/// <summary>
/// A program that writes behind its cache is killed (kill -9) at seeded moments, frozen past its lease, cut from its server: what it acknowledged reaches the
/// source, in order.
/// </summary>
[Trait("req", "C-15")]
[Collection(WriteBehindCrashCollection.Name)]
public sealed class WriteBehindCrashTests(ITestOutputHelper output) : IDisposable
{
    private const int Seed = 20_261_128;
    private const int Stride = 1_000_000;
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(3);

    private readonly string _folder = Directory.CreateTempSubdirectory("millrace-crash-").FullName;
    private readonly Dictionary<string, (long Sequence, long Number)> _acknowledged = new(StringComparer.Ordinal);
    private int _count;

    private string SourceFile => Path.Combine(_folder, "source.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task No_acknowledged_write_is_lost_on_SQLite_when_the_process_is_killed_again_and_again()
    {
        await KillAgainAndAgainAsync("sqlite", Path.Combine(_folder, "writes.db"));

        Assert.Empty(await DisorderAsync());
    }

    [Fact]
    public async Task No_acknowledged_write_is_lost_on_Redis_when_the_process_is_killed_again_and_again()
    {
        await using var server = await RedisServer.StartAsync();
        await KillAgainAndAgainAsync("redis", server.Address);

        Assert.Empty(await DisorderAsync());
    }

    [Fact]
    public async Task No_acknowledged_write_is_lost_when_Redis_itself_is_killed_and_restarted_from_its_log()
    {
        await using var server = await RedisServer.StartAsync(new RedisServerSetup { Arguments = ["--appendonly", "yes", "--appendfsync", "always"] });
        await using var program = Start("redis", server.Address, "one", Stride, 6_000);
        var random = new Random(Seed);
        for (var kill = 0; kill < 3; kill++)
        {
            await AcknowledgedAsync(program, random.Next(200, 900));
            await server.RestartAsync();
            await AcknowledgedAsync(program, program.Lines.Count(static line => line.StartsWith("ack", StringComparison.Ordinal)) + 10); // it works again
        }

        await program.WaitForLineAsync(static line => line is "idle").WaitAsync(Guard);
        Read(program);
        await CheckAsync();
        Assert.Empty(await DisorderAsync());
    }

    [Fact]
    public async Task No_acknowledged_write_is_lost_when_connections_are_cut_while_it_is_flushed()
    {
        await using var server = await RedisServer.StartAsync();
        await using var proxy = CuttingProxy.Start(server.Port, Seed);
        proxy.IsCutting = false; // until the program has its first connection, as it has to at a start
        await using (var program = Start("redis", proxy.Address, "one", Stride, 4_000))
        {
            await program.WaitForLineAsync(static line => line is "ready").WaitAsync(Guard);
            proxy.IsCutting = true;
            await program.WaitForLineAsync(static line => line is "written").WaitAsync(Guard);
            proxy.IsCutting = false;
            await program.WaitForLineAsync(static line => line is "idle").WaitAsync(Guard);
            Read(program);
        }

        output.WriteLine($"{proxy.Cuts} cuts");
        Assert.True(proxy.Cuts > 3);
        await CheckAsync();
        Assert.Empty(await DisorderAsync());
    }

    [Fact]
    public async Task A_node_that_stood_still_past_its_lease_does_not_set_the_source_back()
    {
        await using var server = await RedisServer.StartAsync();
        await using var frozen = Start("redis", server.Address, "frozen", Stride, 100_000);
        await AcknowledgedAsync(frozen, 1_000);
        await FreezeAsync(frozen);

        // The other node takes over when the lease of a second is over, and brings newer numbers of the same keys.
        await using var other = Start("redis", server.Address, "other", 2 * Stride, 3_000);
        await other.WaitForLineAsync(static line => line.StartsWith("flush", StringComparison.Ordinal)).WaitAsync(Guard);
        await AcknowledgedAsync(other, 2_000);
        frozen.Resume();
        await AcknowledgedAsync(frozen, frozen.Lines.Count(static line => line.StartsWith("ack", StringComparison.Ordinal)) + 500);
        await frozen.KillAsync();
        await other.WaitForLineAsync(static line => line is "idle").WaitAsync(Guard);
        Read(other);
        Read(frozen);
        await DrainAsync("redis", server.Address, 9);

        await CheckAsync();
        var disorder = await DisorderAsync(); // what was under way when it stood still: calls of ten writes, four at once
        Assert.All(disorder, static line => Assert.StartsWith("frozen", line, StringComparison.Ordinal));
        Assert.InRange(disorder.Count, 0, 40);
        var nodes = await QueryAsync("SELECT node, count(*) FROM ledger GROUP BY node", static row => $"{row.GetString(0)} {row.GetInt64(1)}");
        output.WriteLine(string.Join(", ", nodes));
        Assert.Contains(nodes, static node => node.StartsWith("frozen", StringComparison.Ordinal));
        Assert.Contains(nodes, static node => node.StartsWith("other", StringComparison.Ordinal)); // both were owners
        var late = await QueryAsync("SELECT count(*) FROM ledger WHERE applied = 0", static row => row.GetInt64(0));
        output.WriteLine($"{late[0]} writes came twice or late and changed nothing");
    }

    /// <summary>Stops a program in its tracks, but not inside a transaction of the source: SQLite's lock would keep everybody out until it goes on.</summary>
    private Task FreezeAsync(ChildProcess program) => Poll.UntilAsync(
        async () =>
        {
            await program.SuspendAsync();
            if (await IsWritableAsync())
            {
                return null;
            }

            program.Resume();
            return "it holds the source's lock";
        },
        "the program stands still outside a transaction");

    private async Task<bool> IsWritableAsync()
    {
        await using var file = new SqliteDataSource(SourceFile, new SqliteOptions { BusyTimeout = TimeSpan.Zero });
        await using var connection = await file.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        (command.CommandText, command.CommandTimeout) = ("BEGIN IMMEDIATE; ROLLBACK", 1);
        try
        {
            await command.ExecuteNonQueryAsync();
            return true;
        }
        catch (System.Data.Common.DbException)
        {
            return false; // locked
        }
    }

    private async Task KillAgainAndAgainAsync(string store, string where)
    {
        const int Kills = 6;
        output.WriteLine($"seed {Seed}");
        var random = new Random(Seed);
        for (var life = 1; life <= Kills; life++)
        {
            await using var program = Start(store, where, $"life{life}", life * Stride, 100_000);
            await AcknowledgedAsync(program, random.Next(200, 1_500));
            await program.KillAsync();
            Read(program);
            output.WriteLine($"life {life}: {_count} acknowledged");
        }

        await DrainAsync(store, where, Kills + 1);
        await CheckAsync();
        Assert.True(_count > 2_000, $"only {_count} writes");
    }

    /// <summary>A last life that writes a little and ends when nothing is pending.</summary>
    private async Task DrainAsync(string store, string where, int life)
    {
        await using var program = Start(store, where, "last", life * Stride, 20);
        await program.WaitForLineAsync(static line => line is "idle").WaitAsync(Guard);
        Read(program);
    }

    private ChildProcess Start(string store, string where, string node, int first, int count) => ChildProcess.Start(
        "dotnet",
        [
            Path.Combine(AppContext.BaseDirectory, "Millrace.Caching.CrashLab.dll"), store, where, SourceFile, node,
            first.ToString(CultureInfo.InvariantCulture), count.ToString(CultureInfo.InvariantCulture),
        ]);

    private static async Task AcknowledgedAsync(ChildProcess program, int count)
    {
        var left = count;
        await program.WaitForLineAsync(line => line.StartsWith("ack", StringComparison.Ordinal) && --left <= 0).WaitAsync(Guard);
    }

    private void Read(ChildProcess program)
    {
        foreach (var line in program.Lines)
        {
            if (line.Split(' ') is ["ack", var key, var number, var sequence] && long.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var order))
            {
                var last = (order, long.Parse(number, CultureInfo.InvariantCulture));
                _acknowledged[key] = last.CompareTo(_acknowledged.GetValueOrDefault(key)) > 0 ? last : _acknowledged[key];
                _count++;
            }
            else if (!line.StartsWith("ack", StringComparison.Ordinal) && !line.StartsWith("flush", StringComparison.Ordinal))
            {
                output.WriteLine(line);
            }
        }
    }

    /// <summary>Every key's last acknowledged write, or one after it that was not acknowledged any more, is in the source.</summary>
    private async Task CheckAsync()
    {
        var values = (await QueryAsync("SELECT key, sequence, value FROM value", static row => (Key: row.GetString(0), Last: (row.GetInt64(1), row.GetInt64(2)))))
            .ToDictionary(static row => row.Key, static row => row.Last, StringComparer.Ordinal);
        var lost = _acknowledged.Where(acknowledged => values.GetValueOrDefault(acknowledged.Key).CompareTo(acknowledged.Value) < 0)
            .Select(acknowledged => $"seed {Seed}: {acknowledged.Key} is {values.GetValueOrDefault(acknowledged.Key)}, acknowledged was {acknowledged.Value}");
        Assert.Empty(lost);
        Assert.NotEmpty(_acknowledged);
    }

    /// <summary>Writes that came to the source after a newer one of their key.</summary>
    private Task<List<string>> DisorderAsync() => QueryAsync(
        """
        SELECT key, value, sequence, newest, node FROM (
            SELECT node, key, value, sequence, max(sequence) OVER (PARTITION BY key ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS newest
            FROM ledger)
        WHERE sequence < newest
        """,
        static row => $"{row.GetString(4)}, {row.GetString(0)}: {row.GetInt64(1)} (number {row.GetInt64(2)}) came after number {row.GetInt64(3)}");

    private async Task<List<T>> QueryAsync<T>(string sql, Func<System.Data.Common.DbDataReader, T> read)
    {
        await using var file = new SqliteDataSource(SourceFile);
        await using var connection = await file.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the texts are constants of this test
        command.CommandText = sql;
#pragma warning restore CA2100
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
        {
            rows.Add(read(reader));
        }

        return rows;
    }
}
