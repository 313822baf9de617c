using Microsoft.Extensions.DependencyInjection;
using Millrace.Jobs.Testing;

namespace Millrace.Jobs.Tests.Testing;

/// <summary>What docs/guides/jobs.md shows of tests. The guide's lines are taken from here.</summary>
public sealed class GuideTests
{
    [Fact, Trait("req", "J-17")]
    public async Task The_guides_tests_hold()
    {
        var services = new ServiceCollection();
        services.AddScoped<SignUp>();
        services.AddScoped<IEmailService, EmailService>();
        services.AddMillraceJobs(options => options.Retry = RetryPolicy.Fixed(TimeSpan.FromSeconds(30)))
            .AddHandler<SendWelcome, SendWelcomeHandler>("send-welcome", job => job.Queue = "email")
            .AddCalls<IEmailService>("email")
            .AddSchedule("digest", "0 8 * * *", new SendWelcome(0));

        var clock = new JobTestClock(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        services.AddMillraceJobsTesting(options => options.Clock = clock);      // after everything else

        await using var provider = services.BuildServiceProvider();
        var tester = provider.GetRequiredService<JobTester>();
        using var scope = provider.CreateScope();
        var signUp = scope.ServiceProvider.GetRequiredService<SignUp>();

        // what was enqueued; nothing has run
        await signUp.RegisterAsync(userId: 7);
        var welcome = tester.AssertEnqueued<SendWelcome>(j => j.UserId == 7, queue: "email");
        Assert.Equal(TimeSpan.FromMinutes(5), welcome.Delay);
        tester.AssertEnqueued<IEmailService>(x => x.TellOperatorAsync("7 has registered", CancellationToken.None));
        tester.AssertNotEnqueued<SendWelcome>(j => j.UserId == 8);

        // run it
        var drained = await tester.DrainAsync();                                // what is due now, and what that enqueues
        drained.ThrowIfFailed();
        var advanced = await tester.AdvanceAsync(TimeSpan.FromHours(12));       // the delayed job, and the schedule at 8:00
        Assert.Equal(2, advanced.Completed);

        // one attempt of one job
        var run = await tester.RunAsync(new SendWelcome(-1), attempt: 2);
        Assert.Equal(FinishKind.Retry, run.Outcome);
        Assert.IsType<ArgumentException>(run.Error);
        Assert.Equal(TimeSpan.FromSeconds(30), run.Delay);
    }

    public sealed record SendWelcome(int UserId);

    public interface IEmailService
    {
        Task TellOperatorAsync(string text, CancellationToken cancellationToken);
    }

    private sealed class EmailService : IEmailService
    {
        public Task TellOperatorAsync(string text, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class SendWelcomeHandler : IJobHandler<SendWelcome>
    {
        public Task HandleAsync(SendWelcome job, JobContext context, CancellationToken cancellationToken) =>
            job.UserId >= 0 ? Task.CompletedTask : throw new ArgumentException("There is no such user.", nameof(job));
    }

    private sealed class SignUp(JobClient jobs)
    {
        public async Task RegisterAsync(int userId)
        {
            await jobs.EnqueueAsync(new SendWelcome(userId), o => o.Delay(TimeSpan.FromMinutes(5)));
            await jobs.EnqueueAsync<IEmailService>(x => x.TellOperatorAsync($"{userId} has registered", CancellationToken.None));
        }
    }
}
