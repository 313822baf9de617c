using Microsoft.Extensions.DependencyInjection;
using Millrace.Jobs.Enqueueing;

namespace Millrace.Jobs.Tests.Calls;

public sealed class RegisteringCallsTests
{
    private static JobsBuilder Builder() => new ServiceCollection().AddMillraceJobs();

    private static string Refusal<TService>(Action<JobCalls>? configure = null)
        where TService : class => Assert.Throws<ArgumentException>(() => Builder().AddCalls<TService>("x", configure)).Message;

    [Fact, Trait("req", "J-02")]
    public void Every_member_that_cannot_be_called_is_named_in_one_refusal_with_the_remedy()
    {
        var message = Refusal<IEverythingWrong>();

        foreach (var part in new[]
        {
            "Setting is a property", "Changed is an event", "GenericAsync is generic", "RefAsync takes 'value' by reference", "OutAsync takes 'value' by reference",
            "InAsync takes 'value' by reference", "SpanAsync takes 'value', a ReadOnlySpan`1 that lives only on the stack", "ObjectAsync takes 'value' as object", "DelegateAsync takes 'value', a delegate",
            "Number returns Int32", "NumberAsync returns ValueTask`1", "Stream returns IAsyncEnumerable`1", "Inherited is a property",
            "Declare an interface of only those methods that jobs call",
        })
        {
            Assert.Contains(part, message, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("GoodAsync", message, StringComparison.Ordinal);
    }

    [Fact, Trait("req", "J-02")]
    public void Only_interfaces_with_methods_are_taken()
    {
        Assert.Contains("is not an interface", Refusal<Postbox>(), StringComparison.Ordinal);
        Assert.Contains("has no methods", Refusal<IDisposable>(), StringComparison.Ordinal);
        Assert.Contains("has no methods", Refusal<IEmpty>(), StringComparison.Ordinal);
    }

    [Fact, Trait("req", "J-02")]
    public void Overloads_are_refused_until_they_are_told_apart()
    {
        Assert.Contains("2 methods would be stored as 'x.Send'", Refusal<IOverloaded>(), StringComparison.Ordinal);

        var builder = Builder().AddCalls<IOverloaded>("x", static calls => calls.Method(nameof(IOverloaded.Send), [typeof(int)], static call => call.Name("SendNumber")));

        Assert.Equal(["x.Send", "x.SendNumber"], Names(builder));
    }

    [Fact, Trait("req", "J-02")]
    public void A_method_is_named_without_its_suffix_and_inherited_ones_are_included()
    {
        Assert.Equal(["y.Async", "y.Base", "y.Own"], Names(Builder().AddCalls<IDerived>("y")));
    }

    [Fact, Trait("req", "J-02")]
    public void Settings_for_no_method_or_for_several_are_refused()
    {
        Assert.Contains("has no method 'Gone'", Refusal<IOverloaded>(static calls => calls.Method("Gone", static _ => { })), StringComparison.Ordinal);
        Assert.Contains("has 2 methods 'Send'", Refusal<IOverloaded>(static calls => calls.Method(nameof(IOverloaded.Send), static _ => { })), StringComparison.Ordinal);
        Assert.Contains("with these parameters", Refusal<IOverloaded>(static calls => calls.Method(nameof(IOverloaded.Send), [typeof(Guid)], static _ => { })), StringComparison.Ordinal);
    }

    [Fact, Trait("req", "J-16")]
    public void Names_keep_the_stores_limits()
    {
        Assert.Throws<ArgumentException>(() => Builder().AddCalls<IDerived>(""));
        Assert.Throws<ArgumentException>(() => Builder().AddCalls<IDerived>("a\nb"));
        Assert.Throws<ArgumentException>(() => Builder().AddCalls<IDerived>(new string('x', JobLimits.MaximumNameLength - 4)));
        Assert.Throws<ArgumentException>(() => Builder().AddCalls<IDerived>("x", static calls => calls.Method("OwnAsync", static call => call.Name(""))));
        Assert.Throws<ArgumentException>(() => Builder().AddCalls<IDerived>("x", static calls => calls.Method("OwnAsync", static call => call.FormerName(new string('x', 101)))));
    }

    [Fact, Trait("req", "J-02")]
    public async Task A_name_is_used_once_by_calls_handlers_and_former_names_together()
    {
        await RefusedAtStartAsync(static jobs => jobs.AddCalls<IDerived>("x").AddCalls<IDerived>("y"), "registered twice");
        await RefusedAtStartAsync(static jobs => jobs.AddCalls<IDerived>("x").AddHandler<Elsewhere, ElsewhereHandler>("x.Own"), "'x.Own' is registered twice");
        await RefusedAtStartAsync(static jobs => jobs.AddCalls<IDerived>("x", static calls => calls.Method("OwnAsync", static call => call.FormerName("work"))), "'work' is registered twice");
        await RefusedAtStartAsync(static jobs => jobs.AddCalls<IDerived>("x", static calls => calls.Method("OwnAsync", static call => call.FormerName("x.Base"))), "'x.Base' is registered twice");
    }

    [Fact, Trait("req", "J-03")]
    public async Task A_queue_that_only_the_defaults_of_calls_name_is_served()
    {
        var (engine, _) = await CallEngine.StartAsync(static calls => calls.Defaults(static job => job.Queue = "mail"));
        await using var _1 = engine;

        var id = await engine.Client.EnqueueAsync<IPostbox>(x => x.Drop(1));
        await engine.ReachesAsync(id, JobState.Completed);

        Assert.Contains(await engine.Client.GetQueuesAsync(), static queue => queue is { Name: "mail", Concurrency: > 0 });
    }

    private static IEnumerable<string> Names(JobsBuilder builder)
    {
        using var services = builder.Services.BuildServiceProvider();
        return [.. services.GetServices<JobRegistration>().Select(static registration => registration.Name).Order(StringComparer.Ordinal)];
    }

    private static async Task RefusedAtStartAsync(Action<JobsBuilder> configure, string reason)
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => Engine.StartAsync(configure: configure));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    private interface IEmpty;

    private interface IBase
    {
        int Inherited { get; }
    }

    private interface IEverythingWrong : IBase
    {
        event EventHandler Changed;

        string Setting { get; set; }

        Task GoodAsync(int value);

        Task GenericAsync<T>(T value);

        Task RefAsync(ref int value);

        Task OutAsync(out int value);

        Task InAsync(in int value);

        Task SpanAsync(ReadOnlySpan<char> value);

        Task ObjectAsync(object value);

        Task DelegateAsync(Action value);

        int Number();

        ValueTask<int> NumberAsync();

        IAsyncEnumerable<int> Stream();
    }

    private interface IOverloaded
    {
        void Send(string value);

        void Send(int value);
    }

    private interface IDerived : ICommon, IDisposable, IAsyncDisposable
    {
        Task OwnAsync();

        Task Async();
    }

    private interface ICommon
    {
        Task BaseAsync();
    }

    private sealed record Elsewhere;

    private sealed class ElsewhereHandler : IJobHandler<Elsewhere>
    {
        public Task HandleAsync(Elsewhere job, JobContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
