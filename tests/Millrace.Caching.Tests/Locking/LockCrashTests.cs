using System.Globalization;
using Millrace.Caching.Tests.Sharing;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.Locking;

/// <summary>Programs that share a lock are killed (kill -9) again and again, inside it and outside.</summary>
[Trait("req", "C-21")]
public sealed class LockCrashTests(ITestOutputHelper output) : ServerTests
{
    private const int Kills = 8;
    private const int Seed = 20_261_128;
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task A_killed_holder_blocks_nobody_longer_than_its_lease_and_nobody_is_inside_with_another()
    {
        output.WriteLine($"seed {Seed}");
        var random = new Random(Seed);
        var programs = new List<ChildProcess> { Start(), Start(), Start() };
        var ended = new List<ChildProcess>();
        try
        {
            for (var kill = 0; kill < Kills; kill++)
            {
                var victim = random.Next(programs.Count);
                var (left, word) = (random.Next(1, 12), random.Next(2) == 0 ? "in " : "out ");
                await programs[victim].WaitForLineAsync(line => line.StartsWith(word, StringComparison.Ordinal) && --left <= 0).WaitAsync(Guard, Token);
                await programs[victim].KillAsync();
                ended.Add(programs[victim]);
                programs[victim] = Start();
                await programs[victim].WaitForLineAsync(static line => line.StartsWith("out ", StringComparison.Ordinal)).WaitAsync(Guard, Token);
            }

            foreach (var program in programs)
            {
                await program.KillAsync();
            }

            var lines = programs.Concat(ended).SelectMany(static program => program.Lines).ToList();
            var acknowledged = lines.Where(static line => line.StartsWith("out ", StringComparison.Ordinal)).Select(static line => line.Split(' ')).ToList();
            var count = long.Parse((await Server.CommandAsync("GET", "lab:count")).Text!, CultureInfo.InvariantCulture);
            output.WriteLine($"{acknowledged.Count} acknowledged, {count} counted, {ended.Count + programs.Count} programs killed");

            Assert.DoesNotContain(lines, static line => line.StartsWith("broken", StringComparison.Ordinal) || line.Contains("Unhandled", StringComparison.Ordinal));
            Assert.Equal(acknowledged.Count, acknowledged.Select(static line => line[2]).Distinct(StringComparer.Ordinal).Count()); // no two read the same
            Assert.InRange(count, acknowledged.Count, acknowledged.Count + Kills + programs.Count); // a killed one may have written and not told
            Assert.Equal(
                acknowledged.Select(static line => long.Parse(line[2], CultureInfo.InvariantCulture)).Order(),
                acknowledged.OrderBy(static line => long.Parse(line[1], CultureInfo.InvariantCulture)).Select(static line => long.Parse(line[2], CultureInfo.InvariantCulture)));
        }
        finally
        {
            foreach (var program in programs.Concat(ended))
            {
                await program.DisposeAsync();
            }
        }
    }

    private ChildProcess Start() => ChildProcess.Start(
        "dotnet", [Path.Combine(AppContext.BaseDirectory, "Millrace.Caching.LockLab.dll"), Server.Address, "lab:", "500"]);
}
