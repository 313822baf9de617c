using Millrace.Jobs.Enqueueing;

namespace Millrace.Jobs.Tests.Enqueueing;

public sealed class JobIdsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    [Fact, Trait("req", "J-01")]
    public void Ids_sort_by_time_and_within_a_millisecond_by_the_order_in_which_they_were_made()
    {
        var ids = new JobIds();
        var made = Enumerable.Range(0, 1000).Select(i => ids.New(Noon.AddMilliseconds(i / 10))).ToList();

        Assert.Equal(made.Order(StringComparer.Ordinal), made);
        Assert.All(made, static id => Assert.Matches("^[0-9a-z]{20}$", id));
        Assert.True(string.CompareOrdinal(ids.New(Noon.AddYears(900)), made[^1]) > 0);
    }

    [Fact, Trait("req", "J-01")]
    public async Task No_id_is_made_twice_by_many_threads_and_processes_at_a_clock_that_stands_still_or_goes_back()
    {
        var processes = Enumerable.Range(0, 4).Select(static _ => new JobIds()).ToList();
        var made = await Task.WhenAll(processes.Concat(processes).Select(ids => Task.Run(() =>
            Enumerable.Range(0, 50_000).Select(i => ids.New(Noon.AddMilliseconds(-(i % 2)))).ToList())));

        var all = made.SelectMany(static ids => ids).ToList();
        Assert.Equal(8 * 50_000, all.Distinct(StringComparer.Ordinal).Count());
    }
}
