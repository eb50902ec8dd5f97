# 区域风险一张图 · one map of regional risk. `make` alone lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Arguments for riskmap, e.g. make demo ARGS="--no-serve"
ARGS ?=
OUT ?= var/atlas

# Hundreds of processes start during the tests: what one compiles, the others find.
TEST_CACHES := NUMBA_CACHE_DIR="$(CURDIR)/.setup/numba" PYTHONPYCACHEPREFIX="$(CURDIR)/.setup/pycache" \
	MPLCONFIGDIR="$(CURDIR)/.setup/matplotlib"

PACKAGES := geo riskmodel layers api
ENVIRONMENT := .setup/environment
ASSETS := layers/static/.built
PAGE_SOURCES := $(wildcard layers/viewer/* layers/viewer/web/*) layers/style.py geo/kinds.py riskmodel/scenarios.py \
	riskmodel/parameters/levels.toml

.PHONY: help demo setup assets lint test coverage notebooks mutants bench docs atlas lock clean

help: ## 列出目标 · list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

demo: setup ## 从零到风险图并启动服务 · from nothing to the map, then serve
	@exec .venv/bin/riskmap demo $(ARGS)

setup: $(ENVIRONMENT) $(ASSETS) ## 安装全部依赖（第二次不做事） · install everything once

$(ENVIRONMENT): requirements.lock tools.lock pyproject.toml scripts/setup.sh
	@bash scripts/setup.sh
	@touch $@

assets: $(ASSETS) ## 下载并构建页面资源 · fetch and build the page

$(ASSETS): $(ENVIRONMENT) package.json package-lock.json tools/assets.py $(PAGE_SOURCES)
	@.venv/bin/python tools/assets.py
	@touch $@

lint: $(ENVIRONMENT) ## 风格、类型、模块方向 · style, types, direction of imports
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

test: setup ## 全部测试（SQLite 与 PostGIS、真浏览器） · all tests
	@bash scripts/packages.sh
	@unset PYTHONDONTWRITEBYTECODE && export $(TEST_CACHES) RISKMAP_TEST_POSTGIS && \
	RISKMAP_TEST_POSTGIS="$$(bash scripts/postgis.sh)" && .venv/bin/pytest -n 2 --no-loadscope-reorder $(ARGS)

coverage: ARGS += --cov --cov-report=term:skip-covered
coverage: test ## 全部测试与覆盖率（较慢） · all tests and what they cover

notebooks: setup ## 运行笔记本 · run the notebooks
	@unset PYTHONDONTWRITEBYTECODE && export $(TEST_CACHES) && .venv/bin/pytest --nbmake --nbmake-timeout=600 -W default notebooks

mutants: setup ## 变异测试：逐个改动后果公式，看测试是否发现 · change the formulas one by one, tests must notice
	@export NUMBA_CACHE_DIR="$(CURDIR)/.setup/numba" && .venv/bin/python tools/mutants.py $(ARGS)

bench: setup ## 与同类工具对比测量（ARGS=名称，默认全部） · measure against peers
	@.venv/bin/riskmap bench $(or $(ARGS),all)

docs: setup ## 由声明生成文档 · pages made from the declarations
	@export $(TEST_CACHES) && .venv/bin/python -m geo.datamodel && .venv/bin/python -m layers.parameterpage && .venv/bin/python -m layers.modelcard && \
	.venv/bin/python -m tests.outside.oracles && .venv/bin/python -m tests.riskmodel.mistakes && \
	.venv/bin/python -m layers.methodpages

atlas: setup ## 输出图集 PDF · the atlas
	@.venv/bin/riskmap atlas --out $(OUT) $(ARGS)

lock: $(ENVIRONMENT) ## 重新锁定依赖版本 · lock the versions again
	@export UV_PYTHON_DOWNLOADS=never; .tools/bin/uv lock --quiet && \
	.tools/bin/uv export --quiet --frozen --no-emit-project --all-groups --no-annotate --no-header -o requirements.lock

clean: ## 删除环境与缓存（保留数据 var/） · remove environment and caches, keep var/
	rm -rf .venv .tools .setup node_modules layers/static .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
