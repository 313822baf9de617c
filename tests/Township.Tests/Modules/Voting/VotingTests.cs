using System.Net;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Jobs;
using Millrace.Realtime;
using Township.Modules.Voting;
using Township.Platform.Data;
using Township.Platform.Forms;

namespace Township.Tests.Modules.Voting;

[Trait("req", "T-05")]
public sealed class VotingTests(PostgresFixture postgres)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static TheoryData<string> Databases => Town.Databases;

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task However_many_votes_of_one_resident_race_one_counts(string database)
    {
        await using var town = await Town.StartAsync(postgres, database);
        var question = await AskAsync(town);
        var writes = town.Get<VotingWrites>();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 24).Select(i => Task.Run(() =>
            writes.VoteAsync(question.Id, question.Options[i % 3].Id, Town.Member, default))));

        Assert.All(outcomes, outcome => Assert.True(outcome.Succeeded));
        Assert.Equal(1, await town.Get<Database>().ScalarAsync<long>("select count(*) from votes"));
        var results = await town.Get<VotingReads>().ResultsAsync(question, default);
        Assert.Equal(1, results.Total);
        Assert.Equal(
            await town.Get<VotingReads>().VoteOfAsync(question.Id, Town.Member, default),
            Assert.Single(results.Options, option => option.Votes == 1).Id);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_vote_can_be_repeated_without_effect_and_changed_until_the_end(string database)
    {
        await using var town = await Town.StartAsync(postgres, database);
        var question = await AskAsync(town);
        var store = town.Get<QuestionStore>();
        var now = question.OpensAt + 1000;

        Assert.True(await store.VoteAsync(question.Id, question.Options[0].Id, Town.Member, now, default));
        Assert.False(await store.VoteAsync(question.Id, question.Options[0].Id, Town.Member, now + 1, default));
        Assert.True(await store.VoteAsync(question.Id, question.Options[1].Id, Town.Member, now + 2, default));
        Assert.False(await store.VoteAsync(question.Id, question.Options[2].Id, Town.Member, question.ClosesAt, default));
        Assert.False(await store.VoteAsync(question.Id, "no-such-option", Town.Outsider, now, default));

        Assert.Equal(question.Options[1].Id, await store.VoteOfAsync(question.Id, Town.Member, default));
        Assert.Null(await store.VoteOfAsync(question.Id, Town.Outsider, default));
    }

    [Fact]
    public async Task A_change_is_pushed_once_and_a_repetition_not_at_all()
    {
        await using var town = await Town.StartAsync();
        var question = await AskAsync(town);
        await using var watch = new Watch(town, question.Id);
        var writes = town.Get<VotingWrites>();

        await writes.VoteAsync(question.Id, question.Options[0].Id, Town.Member, default);
        var first = await watch.NextAsync();
        await writes.VoteAsync(question.Id, question.Options[0].Id, Town.Member, default);
        await writes.VoteAsync(question.Id, question.Options[1].Id, Town.Member, default);
        var second = await watch.NextAsync();

        Assert.Equal([1L, 0, 0], first.Options.Select(option => option.Votes));
        Assert.Equal([0L, 1, 0], second.Options.Select(option => option.Votes));
        Assert.Equal(2, watch.Count);
    }

    [Fact]
    public async Task A_burst_of_votes_is_pushed_in_few_messages_of_which_the_last_has_all()
    {
        await using var town = await Town.StartAsync(settings: new() { ["Township:Voting:PushInterval"] = "00:00:00.200" });
        var question = await AskAsync(town);
        await using var watch = new Watch(town, question.Id);
        var (store, live) = (town.Get<QuestionStore>(), town.Get<LiveResults>());
        string[] voters = [Town.Manager, Town.Member, Town.Outsider];

        foreach (var voter in voters)
        {
            await town.Get<VotingWrites>().VoteAsync(question.Id, question.Options[0].Id, voter, default);
        }

        for (var i = 0; i < 1000; i++)
        {
            live.Changed(question.Id);
        }

        QuestionResults last;
        do
        {
            last = await watch.NextAsync();
        }
        while (last.Total < 3);

        Assert.Equal(3, last.Options[0].Votes);
        Assert.True(watch.Count < 10, $"{watch.Count} messages for one burst.");
        Assert.Equal(3, (await store.VoterIdsAsync(question.Id, "", 10, default)).Count);
    }

    [Fact]
    public async Task Guests_are_asked_to_sign_in_outsiders_refused_and_the_closed_answers_why()
    {
        await using var town = await Town.StartAsync();
        var question = await AskAsync(town, town.OrganisationId);
        using var visitor = town.Host.Visit();
        var path = $"/api/questions/{question.Id}/vote";
        var vote = new { optionId = question.Options[0].Id };

        using var guest = await visitor.SendAsync(HttpMethod.Put, path, vote);
        using var outsider = await visitor.SendAsync(HttpMethod.Put, path, vote, town.Token(Town.Outsider));
        using var unknown = await visitor.SendAsync(HttpMethod.Put, path, new { optionId = "nothing" }, town.Token(Town.Member));
        using var member = await visitor.SendAsync(HttpMethod.Put, path, vote, town.Token(Town.Member));
        await town.Get<Database>().ExecuteAsync("update questions set closes_at = opens_at + 1 where id = @Id", new { question.Id });
        await town.Cache.InvalidateAsync(new QuestionChanged(question.Id), default);
        using var late = await visitor.SendAsync(HttpMethod.Put, path, vote, town.Token(Town.Manager));

        Assert.Equal(HttpStatusCode.Unauthorized, guest.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, outsider.StatusCode);
        Assert.Equal("Choose one of the answers.", await ErrorAsync(unknown, "option"));
        Assert.Equal(HttpStatusCode.OK, member.StatusCode);
        Assert.Equal("Voting has ended; your vote was not counted.", await ErrorAsync(late, "option"));
    }

    [Fact]
    public async Task What_a_question_lacks_is_said_field_by_field()
    {
        await using var town = await Town.StartAsync();
        using var visitor = town.Host.Visit();

        using var response = await visitor.SendAsync(
            HttpMethod.Post,
            "/api/questions",
            new { title = "Why?", options = new[] { "Yes", "yes", "" }, days = 0 },
            town.Token(Town.Member));

        Assert.Equal("Use at least 8 characters.", await ErrorAsync(response, "title"));
        Assert.Equal("Two answers are the same.", await ErrorAsync(response, "options"));
        Assert.Equal("Choose 1 to 90 days.", await ErrorAsync(response, "days"));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_question_that_is_due_is_closed_once_and_its_watchers_and_voters_are_told(string database)
    {
        await using var town = await Town.StartAsync(postgres, database);
        var question = await AskAsync(town);
        await town.Get<VotingWrites>().VoteAsync(question.Id, question.Options[2].Id, Town.Member, default);
        await town.Get<Database>().ExecuteAsync("update questions set closes_at = opens_at + 1 where id = @Id", new { question.Id });
        await town.Cache.InvalidateAsync(new QuestionChanged(question.Id), default);
        await using var watch = new Watch(town, question.Id);

        var closed = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => town.Get<VotingWrites>().CloseAsync(question.Id, default)));
        await town.Get<QuestionEnd>().TellAsync(question.Id, default);
        await town.Get<QuestionEnd>().TellAsync(question.Id, default);

        Assert.Equal(1, closed.Count(done => done));
        QuestionResults final;
        do
        {
            final = await watch.NextAsync();
        }
        while (final.IsOpen);
        Assert.Equal(1, final.Options[2].Votes);
        var told = await town.Get<JobClient>().GetAsync($"closed-{question.Id}-{Town.Member}");
        Assert.Equal("notify", told!.Type);
        Assert.Empty(await town.Get<QuestionStore>().DueAsync(long.MaxValue, 10, default));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Lists_hold_what_is_open_closed_and_trending(string database)
    {
        await using var town = await Town.StartAsync(postgres, database);
        var (quiet, busy, over) = (await AskAsync(town), await AskAsync(town), await AskAsync(town));
        var (store, reads) = (town.Get<QuestionStore>(), town.Get<VotingReads>());
        await store.VoteAsync(busy.Id, busy.Options[0].Id, Town.Member, reads.Now, default);
        await store.VoteAsync(busy.Id, busy.Options[0].Id, Town.Outsider, reads.Now, default);
        await store.VoteAsync(quiet.Id, quiet.Options[0].Id, Town.Member, reads.Now, default);
        await town.Get<Database>().ExecuteAsync("update questions set closes_at = opens_at + 1 where id = @Id", new { over.Id });

        var trending = await store.TrendingAsync(reads.Now, 10, default);
        var open = await store.OpenAsync(reads.Now, null, Cursor.Start, 10, default);
        var closed = await store.ClosedAsync(reads.Now, null, Cursor.Start, 10, default);

        Assert.Equal([busy.Id, quiet.Id], trending.Select(row => row.Id));
        Assert.Equal(2, trending[0].Recent);
        Assert.Equal(new[] { quiet.Id, busy.Id }.Order(), open.Items.Select(row => row.Id).Order());
        Assert.Equal([over.Id], closed.Items.Select(row => row.Id));
    }

    private static async Task<Question> AskAsync(Town town, string? organisationId = null) =>
        (await town.Get<VotingWrites>().AskAsync(
            new QuestionInput
            {
                Title = "Which song comes last?", Options = ["Stille Nacht", "Auld Lang Syne", "Hallelujah"], OrganisationId = organisationId,
            },
            Town.Manager,
            default)).Value!;

    private static async Task<string?> ErrorAsync(HttpResponseMessage response, string field)
    {
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return problem.RootElement.GetProperty("errors").GetProperty(field)[0].GetString();
    }

    private sealed class Watch : IAsyncDisposable
    {
        private readonly Channel<QuestionResults> _messages = Channel.CreateUnbounded<QuestionResults>();
        private readonly ChannelSubscription _subscription;
        private int _count;

        public Watch(Town town, string questionId) =>
            _subscription = town.Host.Services.GetRequiredService<ChannelClient>().Subscribe(
                VotingChannels.Name(questionId),
                (publication, token) =>
                {
                    Interlocked.Increment(ref _count);
                    return _messages.Writer.WriteAsync(publication.Read<QuestionResults>()!, token);
                });

        public int Count => Volatile.Read(ref _count);

        public Task<QuestionResults> NextAsync() => _messages.Reader.ReadAsync().AsTask().WaitAsync(Limit);

        public ValueTask DisposeAsync() => _subscription.DisposeAsync();
    }
}
