using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Township.Modules.Accounts;
using Township.Modules.Seed;
using Township.Platform.Data;

namespace Township.Tests.Modules.Seed;

[Trait("req", "T-02")]
public sealed class SeedTests(PostgresFixture postgres)
{
    private static readonly DateOnly Anchor = new(2026, 11, 20);

    [Fact]
    public void The_same_day_tells_the_same_town_and_another_day_another() =>
        Assert.Multiple(
            () => Assert.Equal(Checksum(Anchor), Checksum(Anchor)),
            () => Assert.NotEqual(Checksum(Anchor), Checksum(Anchor.AddDays(1))));

    [Fact]
    public void The_town_has_the_size_that_is_promised_and_few_of_it_are_busy()
    {
        var tables = SeedTown.Tell(Anchor, DemoAccounts.ResidentId).ToDictionary(table => table.Name);

        Assert.Equal(2000, tables["users"].Rows.Count);
        Assert.Equal(60, tables["organisations"].Rows.Count);
        Assert.Equal(500, tables["projects"].Rows.Count);
        Assert.Equal(10_000, tables["tasks"].Rows.Count);
        Assert.Equal(200, tables["questions"].Rows.Count);
        Assert.Equal(10_500, tables["search_documents"].Rows.Count);
        Assert.InRange(tables["votes"].Rows.Count, 10_000, 22_000);
        var sizes = tables["tasks"].Rows.CountBy(row => (string)row[1]!).Select(pair => pair.Value).OrderDescending().ToArray();
        Assert.True(sizes.Take(50).Sum() > sizes.TakeLast(250).Sum(), "A tenth of the projects is busier than half of them.");
    }

    [Fact]
    public void Nothing_has_happened_after_the_day_it_is_told_from()
    {
        var tables = SeedTown.Tell(Anchor, null).ToDictionary(table => table.Name);
        var anchor = new DateTimeOffset(Anchor, TimeOnly.MinValue, TimeSpan.Zero).ToUnixTimeMilliseconds();

        foreach (var (table, columns) in new[] { ("tasks", new[] { 9, 10, 11 }), ("votes", [3, 4]), ("projects", [9]), ("users", [8]) })
        {
            Assert.All(tables[table].Rows, row => Assert.All(columns, column => Assert.True(row[column] is null || (long)row[column]! <= anchor)));
        }

        Assert.All(tables["tasks"].Rows, row => Assert.True(row[11] is null || (long)row[11]! >= (long)row[9]!));
        Assert.Contains(tables["questions"].Rows, row => (long)row[5]! > anchor);
        Assert.Equal(tables["votes"].Rows.Count, tables["votes"].Rows.DistinctBy(row => (row[0], row[1])).Count());
    }

    [Fact]
    public async Task Two_databases_of_either_kind_hold_the_same_town_and_a_second_start_adds_nothing()
    {
        using var folder = new TemporaryFolder();
        var first = await SeededAsync(Town.Sqlite, folder.Path);
        var again = await SeededAsync(Town.Sqlite, folder.Path);
        var other = await SeededAsync(Town.Postgres, null);

        Assert.Equal(first, again);
        Assert.Equal(first, other);
    }

    private async Task<string> SeededAsync(string database, string? data)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Township:ExampleData"] = "true",
            ["Township:Seed:Anchor"] = "2026-11-20",
        };
        if (database == Town.Postgres)
        {
            settings["ConnectionStrings:Township"] = await postgres.CreateDatabaseAsync();
        }

        await using var host = await TownshipHost.StartAsync(settings, data);
        var sql = host.Services.GetRequiredService<Database>();
        var text = new StringBuilder();
        foreach (var table in SeedTown.Tell(Anchor, null))
        {
            var key = table.Columns[0] is "id" ? "id" : $"{table.Columns[0]}, {table.Columns[1]}";
            var rows = await sql.QueryAsync<dynamic>(
                $"select {string.Join(", ", table.Columns)} from {table.Name} {(table.Name == "users" ? "where id like 'u%'" : "")} order by {key}");
            foreach (var line in rows.Select(row => string.Join('|', ((IDictionary<string, object?>)row).Values.Select(Text))).Order(StringComparer.Ordinal))
            {
                text.Append(line).Append('\n');
            }
        }

        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private static string Text(object? value) => value switch
    {
        bool flag => flag ? "1" : "0",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value?.ToString() ?? "",
    };

    private static string Checksum(DateOnly anchor)
    {
        var text = new StringBuilder();
        foreach (var table in SeedTown.Tell(anchor, DemoAccounts.ResidentId))
        {
            foreach (var row in table.Rows)
            {
                text.AppendJoin('|', row.Select(Text)).Append('\n');
            }
        }

        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
