using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Millrace.Caching;
using Millrace.Jobs;

namespace Millrace.AspNetCore.Tests.Hosting;

[Trait("req", "H-09")]
public sealed class OptionsTests
{
    [Theory]
    [InlineData("ManagementPath", "api", "must be a path")]
    [InlineData("DashboardPath", "/", "must be a path")]
    [InlineData("DashboardPath", "/a b", "must be a path")]
    [InlineData("HubPath", "/{id}", "must be a path")]
    [InlineData("HealthPath", "/API", "both")]
    [InlineData("ReadPolicy", " ", "is empty")]
    [InlineData("OutputCacheSizeBytes", "10", "must be from 1048576")]
    [InlineData("OutputCacheMaximumBodyBytes", "999999999", "must be from 1024")]
    [InlineData("HistoryInterval", "00:00:00.1", "must be from 00:00:01")]
    [InlineData("HistoryLength", "6.00:00:00", "samples")]
    [InlineData("LiveInterval", "01:00:00", "must be from")]
    [InlineData("MaximumLiveStreams", "0", "must be from 1")]
    [InlineData("MapManagement", "false", "MapDashboard")]
    public async Task A_wrong_setting_stops_the_start_and_names_itself(string name, string value, string why)
    {
        var fault = await Assert.ThrowsAsync<OptionsValidationException>(() =>
            Site.StartAsync(settings: new Dictionary<string, string?> { [$"Millrace:{name}"] = value }));

        Assert.Contains($"Millrace:{name}", fault.Message, StringComparison.Ordinal);
        Assert.Contains(why, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_that_does_not_exist_stops_the_start()
    {
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Site.StartAsync(settings: new Dictionary<string, string?> { ["Millrace:OperatePolicy"] = "nobody" }));

        Assert.Contains("Millrace:OperatePolicy is 'nobody'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Configuration_has_the_last_word_over_code()
    {
        await using var site = await Site.StartAsync(
            settings: new Dictionary<string, string?>
            {
                ["Millrace:ManagementPath"] = "/ops/api",
                ["Millrace:OutputCacheSizeBytes"] = "33554432",
                ["Millrace:Jobs:MaxAttempts"] = "3",
                ["Millrace:Hub:MaximumMessageBytes"] = "2048",
                ["Millrace:MapDashboard"] = "false",
            },
            millrace: m =>
            {
                m.Configure(o => (o.ManagementPath, o.MapDashboard) = ("/code", true));
                m.Services.Configure<JobsOptions>(o => o.MaxAttempts = 7);
            });

        var options = site.Get<IOptions<MillraceOptions>>().Value;
        Assert.Equal(("/ops/api", false), (options.ManagementPath, options.MapDashboard));
        Assert.Equal(3, site.Get<IOptions<JobsOptions>>().Value.MaxAttempts);
        Assert.Equal(2048, site.Get<IOptions<ChannelHubOptions>>().Value.MaximumMessageBytes);
        Assert.Equal(33554432, site.Get<CacheRegistry>().Get("output").GetStatistics().SizeLimitBytes);
    }

    [Fact]
    public async Task Adding_twice_adds_to_the_same_parts()
    {
        await using var site = await Site.StartAsync("Development", build: builder => builder.AddMillrace(m => m.Configure(o => o.DashboardPath = "/again")));
        using var client = site.Client();

        Assert.Single(site.Services.GetServices<Microsoft.Extensions.Hosting.IHostedService>(), service => service.GetType().Name == "Sampler");
        Assert.Contains("Millrace", await client.GetStringAsync("/again/"), StringComparison.Ordinal);
    }
}
