namespace Millrace.Jobs.Tests.Executing;

/// <summary>What a handler logs with its job.</summary>
[Trait("req", "J-07"), Trait("req", "J-16")]
public sealed class LogTests
{
    [Fact]
    public async Task Lines_are_kept_and_told_without_secrets_and_cut()
    {
        await using var engine = await Engine.StartAsync(run: static async (_, context, token) =>
        {
            await context.LogAsync("reading the archive", token);
            await context.LogAsync("password=not-for-the-log", token);
            await context.LogAsync(new string('x', 5_000), token);
            await context.LogAsync("", token);
        });
        var id = await engine.Client.EnqueueAsync(new Work("a"));
        await engine.ReachesAsync(id, JobState.Completed);

        var log = await engine.Client.GetLogAsync(id);
        Assert.Equal(["reading the archive", "password=***", new string('x', JobLimits.MaximumLogLineLength)], log.Select(static line => line.Text));
        await engine.Changes.WaitForAsync(change => change.Id == id && change.LogLine == "reading the archive");
    }
}
