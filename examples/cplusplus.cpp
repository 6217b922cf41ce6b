/* SPDX-License-Identifier: BSD-2-Clause */
/* A C++17 host: handles owned by unique_ptr, errors as exceptions that carry the library's message. */
#include <aepred.h>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace
{

template <auto function> struct Call {
    template <typename T> void operator()(T *handle) const noexcept { function(handle); }
};
using Options = std::unique_ptr<aep_options, Call<aep_options_free>>;
using Model = std::unique_ptr<aep_model, Call<aep_model_free>>;
using Workspace = std::unique_ptr<aep_workspace, Call<aep_workspace_free>>;

class Error : public std::runtime_error
{
  public:
    Error(int code, const std::string &message) : std::runtime_error(message), status(code) {}
    const int status;
};

class Detector
{
  public:
    explicit Detector(std::size_t n_columns) : columns(n_columns)
    {
        Options options = make<Options>(aep_options_new);
        check(aep_options_set_log(options.get(), keep, &message));
        check(aep_options_set(options.get(), AEP_OPT_EPOCHS, 30));
        model = make<Model>(aep_model_new, options.get(), columns);
    }
    Detector(const Detector &) = delete; /* the model's log callback points to this object */
    Detector &operator=(const Detector &) = delete;

    void train(const std::vector<float> &rows, const std::vector<float> &calibration)
    {
        check(aep_fit(model.get(), rows.data(), rows.size() / columns, columns, nullptr, nullptr));
        check(aep_calibrate(model.get(), calibration.data(), calibration.size() / columns, columns));
        workspace = make<Workspace>(aep_workspace_new, model.get());
    }

    bool is_anomaly(const std::vector<float> &row)
    {
        float score;
        std::uint8_t label;
        check(aep_score(&score, model.get(), workspace.get(), row.data(), 1, row.size()));
        check(aep_predict(&label, model.get(), &score, 1));
        return label != 0;
    }

  private:
    template <typename Handle, typename Function, typename... Arguments>
    Handle make(Function function, Arguments... arguments)
    {
        typename Handle::pointer handle = nullptr;
        check(function(&handle, arguments...));
        return Handle(handle);
    }

    void check(int status)
    {
        if (status != AEP_OK)
            throw Error(status, message.empty() ? aep_status_str(status) : std::exchange(message, {}));
    }

    /* Called from C: no exception may leave it. */
    static void keep(int level, const char *text, void *payload) noexcept
    {
        if (level == AEP_LOG_ERROR)
            *static_cast<std::string *>(payload) = text;
    }

    std::size_t columns;
    std::string message;
    Model model;
    Workspace workspace;
};

std::vector<float> measure(std::size_t n, std::mt19937 &random)
{
    std::uniform_real_distribution<float> speed(0.4F, 1.0F), noise(-0.1F, 0.1F);
    std::vector<float> rows;
    for (std::size_t i = 0; i < n; i++) {
        float v = speed(random);
        rows.insert(rows.end(), {v, 5 * v + noise(random), 8 * v * v + noise(random)});
    }
    return rows;
}

bool run()
{
    std::mt19937 random(1);
    Detector detector(3);
    detector.train(measure(3000, random), measure(1000, random));
    bool normal = !detector.is_anomaly({0.7F, 3.5F, 3.92F}), anomaly = detector.is_anomaly({0.7F, 2.5F, 3.92F});
    std::printf("a normal row is %s, a faulty one is %s\n", normal ? "normal" : "NOT normal",
                anomaly ? "an anomaly" : "NOT an anomaly");
    try {
        detector.is_anomaly({0.7F, 3.5F});
    } catch (const Error &error) {
        std::printf("caught: %s\n", error.what());
        return normal && anomaly && error.status == AEP_E_COLUMNS;
    }
    return false;
}

} // namespace

int main()
{
    try {
        return run() ? 0 : 1;
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
