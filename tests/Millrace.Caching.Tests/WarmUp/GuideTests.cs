using Microsoft.Extensions.DependencyInjection;

namespace Millrace.Caching.Tests.WarmUp;

/// <summary>The examples of the guide to warm-up, as they stand there.</summary>
[Trait("req", "C-18")]
public sealed class GuideTests
{
    private static readonly CachePolicy ProjectDetail = new("ProjectDetail", TimeSpan.FromHours(1));

    [Fact]
    public async Task The_examples_warm_what_they_say()
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(new EagerClock(TimeSpan.FromSeconds(30)));
        services.AddScoped<ProjectStore>().AddScoped<UserStore>();
        services.AddMillraceCache().AddWarmer(
            "projects",
            find: (context, token) => context.Services.GetRequiredService<ProjectStore>().ListActivityAsync(token),
            load: async (context, batch, token) =>
            {
                var projects = await context.Services.GetRequiredService<ProjectStore>().LoadAsync(batch.Select(c => c.Key), token);
                foreach (var project in projects)
                {
                    await context.Cache.SetAsync($"project:{project.Id}", project, ProjectDetail, [$"org:{project.OrgId}"], token);
                }

                return projects.Count;
            },
            plan =>
            {
                plan.OnStart = true;
                plan.Interval = TimeSpan.FromHours(4);
                plan.Priority = CacheWarmingPriority.High;
            });
        services.AddMillraceCache().AddUserWarmer("profile", FindOfUser, LoadProfiles, plan =>
        {
            plan.Users = (services, token) => services.GetRequiredService<UserStore>().ListActiveAsync(token);
            plan.Interval = TimeSpan.FromMinutes(30);
        });
        services.AddMillraceCache().AddPredictiveWarming(plan => plan
            .Load<Project>("project:*", (services, key, token) => services.GetRequiredService<ProjectStore>().LoadAsync(key, token), ProjectDetail)
            .Exclude("project:*:draft")
            .KeysPerHour = 500);
        await using var provider = services.BuildServiceProvider();
        var (cache, warming) = (provider.GetRequiredService<Cache>(), provider.GetRequiredService<CacheWarming>());

        Assert.Equal(["projects", "predicted", "profile"], (await warming.WarmAllAsync()).Select(run => run.Name));
        await warming.WarmUserAsync("9", cancellationToken: CancellationToken.None);

        Assert.True(cache.TryGet<Project>("project:2", out var project));
        Assert.Equal(new Project(2, 20), project);
        await cache.RemoveByTagAsync("org:20");
        Assert.False(cache.TryGet<Project>("project:2", out _));
        Assert.All(new[] { 7, 8, 9 }, user => Assert.True(cache.TryGet<string>($"profile:{user}", out _)));
    }

    private static IAsyncEnumerable<CacheWarmingCandidate> FindOfUser(CacheWarmingContext context, CancellationToken cancellationToken) =>
        Warmth.Each([new CacheWarmingCandidate($"profile:{context.UserId}")], cancellationToken);

    private static ValueTask<int> LoadProfiles(CacheWarmingContext context, IReadOnlyList<CacheWarmingCandidate> batch, CancellationToken cancellationToken) =>
        Warmth.Store(context, batch, cancellationToken);

    private sealed record Project(int Id, int OrgId);

    private sealed class ProjectStore
    {
        public IAsyncEnumerable<CacheWarmingCandidate> ListActivityAsync(CancellationToken cancellationToken) =>
            Warmth.Each([new CacheWarmingCandidate("1", 5), new CacheWarmingCandidate("2", 9)], cancellationToken);

        public ValueTask<List<Project>> LoadAsync(IEnumerable<string> ids, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return ValueTask.FromResult(ids.Select(Of).ToList());
        }

        public ValueTask<Project> LoadAsync(string key, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return ValueTask.FromResult(Of(key["project:".Length..]));
        }

        private static Project Of(string id) => int.Parse(id, System.Globalization.CultureInfo.InvariantCulture) is var number ? new Project(number, number * 10) : null!;
    }

    private sealed class UserStore
    {
        public IAsyncEnumerable<string> ListActiveAsync(CancellationToken cancellationToken) => Warmth.Each(["7", "8"], cancellationToken);
    }
}
