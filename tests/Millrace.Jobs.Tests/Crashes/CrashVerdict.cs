using System.Globalization;

namespace Millrace.Jobs.Tests.Crashes;

/// <summary>What must hold after a crash run, of what the programs printed and what the store holds. What a server may forget, because its copies are
/// asynchronous, is counted and told instead.</summary>
/// <param name="report">What the programs printed.</param>
/// <param name="jobs">Every job of the store.</param>
/// <param name="began">When the run began, by the store's clock.</param>
/// <param name="mayForget">Whether the server may forget what it has acknowledged.</param>
internal sealed class CrashVerdict(CrashReport report, List<JobRecord> jobs, DateTimeOffset began, bool mayForget)
{
    private const int Least = 30;

    private readonly Dictionary<string, JobRecord> _jobs = jobs.ToDictionary(static job => job.Id, StringComparer.Ordinal);

    public void Check(ITestOutputHelper output)
    {
        var lost = report.Acknowledged.Where(id => !_jobs.ContainsKey(id)).ToList();
        var twice = report.Ends.GroupBy(static end => end.JobId, StringComparer.Ordinal).Where(static end => end.Count() > 1).Select(static end => string.Join(" and ", end)).ToList();
        var ticks = report.Fired.GroupBy(static fired => fired.Tick, StringComparer.Ordinal).Where(static tick => tick.Count() > 1).Select(static tick => string.Join(" and ", tick)).ToList();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Acknowledged.Count} acknowledged, {jobs.Count} in the store, {report.Attempts} attempts, {report.Outlived} of them outlived by a handler whose lease was over, {report.Fired.Count} ticks"));
        if (mayForget)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"forgotten in failovers: {lost.Count} acknowledged jobs; {twice.Count} ends, {report.Overlaps.Count} claims and {ticks.Count} ticks that came again"));
        }
        else
        {
            Assert.Empty(lost);
            Assert.Empty(twice);
            Assert.Empty(ticks);
            Assert.Empty(report.Overlaps);
            Assert.DoesNotContain(report.Ends, end => _jobs[end.JobId].State.ToString() != end.State);
            Assert.DoesNotContain(report.Fired, fired => !_jobs.ContainsKey(fired.JobId));
        }

        Assert.Empty(report.Repeated);
        Assert.Empty(jobs.Where(job => job.State != Expected(job)).Select(static job => $"{job.Id} is {job.State} after {job.Attempt} attempts: {job.Error}"));
        CheckPoison();
        CheckSchedule();
        Assert.True(report.Acknowledged.Count > Least, $"Only {report.Acknowledged.Count} jobs were enqueued.");
    }

    /// <summary>A job that kills its process has used up its attempts, and no more than those.</summary>
    private void CheckPoison()
    {
        foreach (var job in jobs.Where(static job => job.Id.StartsWith("poison-", StringComparison.Ordinal)))
        {
            Assert.Equal((JobState.Dead, job.MaxAttempts), (job.State, job.Attempt));
            Assert.Contains("stopped renewing its lease", job.Error, StringComparison.Ordinal);
        }
    }

    /// <summary>Every second since the run began at most one job came of the schedule, however late it was stored.</summary>
    private void CheckSchedule()
    {
        var fired = jobs.Where(static job => job.Schedule == "tick").ToList();
        Assert.NotEmpty(fired);
        var seconds = (fired.Max(static job => job.CreatedAt) - began).TotalSeconds;
        Assert.True(mayForget || fired.Count <= seconds + 1, $"{fired.Count} jobs came of {seconds:F1} seconds.");
    }

    private static JobState Expected(JobRecord job) =>
        job.Id.Contains(".failed-", StringComparison.Ordinal) && Number(job.Id) % 13 != 0 ? JobState.Cancelled
        : job.Id.StartsWith("poison-", StringComparison.Ordinal) || (job.Schedule is null && Number(job.Id) % 13 == 0) ? JobState.Dead : JobState.Completed;

    private static int Number(string id) =>
        int.TryParse(id.AsSpan(id.IndexOf('-', StringComparison.Ordinal) + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 1;
}
